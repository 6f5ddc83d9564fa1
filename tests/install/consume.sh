#!/bin/sh
# SPDX-License-Identifier: MIT
#
# consume.sh -- build and run a program outside the tree, in a fresh folder.
#
#   sh consume.sh pkg_config|find_package|add_subdirectory|cpp17 SOURCE BUILD GENERATOR
#
# CC, CXX and CMAKE name the tools. An installed prefix is moved before use: nothing in it may
# know where it was made.
set -eu

way=$1
source=$2
build=$3
generator=$4
consumer=$source/tests/install/consumer
work=$build/tests/install/$way

rm -rf "$work"
mkdir -p "$work"

install_and_move() {
    "$CMAKE" --install "$build" --prefix "$work/first" >/dev/null
    mv "$work/first" "$work/prefix"
    prefix=$work/prefix
    pc=$(find "$prefix" -name libmlserve.pc)
    PKG_CONFIG_PATH=$(dirname "$pc")
    export PKG_CONFIG_PATH
    if grep -rIlF -e "$source" -e "$work/first" "$prefix"; then
        echo "the files above name a folder of this machine"
        exit 1
    fi
}

# The public headers and nothing else.
compare_headers() {
    (cd "$source/include" && find . -type f | sort) >"$work/expected"
    (cd "$prefix/include" && find . -type f | sort) >"$work/installed"
    diff "$work/expected" "$work/installed"
}

with_cmake() {
    "$CMAKE" -G "$generator" -S "$consumer" -B "$work/build" -DCMAKE_C_COMPILER="$CC" \
        -DCMAKE_BUILD_TYPE=Release "$@"
    "$CMAKE" --build "$work/build"
    find "$work/build" -maxdepth 1 -name 'consumer_*' -type f >"$work/programs"
    [ "$(wc -l <"$work/programs")" -eq 2 ]
    "$work/build/consumer_shared"
    "$work/build/consumer_static"
}

set -x
case $way in
pkg_config)
    install_and_move
    compare_headers
    libraries=$(pkg-config --variable=libdir libmlserve)
    # shellcheck disable=SC2046
    "$CC" -std=c11 -Wall -Wextra -Wpedantic -Werror -o "$work/shared" "$consumer/consumer.c" \
        $(pkg-config --cflags --libs libmlserve) -Wl,-rpath,"$libraries"
    "$work/shared"
    # shellcheck disable=SC2046
    "$CC" -std=c11 -o "$work/static" "$consumer/consumer.c" $(pkg-config --cflags libmlserve) \
        "$libraries/libmlserve.a" $(pkg-config --static --libs libmlserve | sed 's/-lmlserve//')
    "$work/static"
    ;;
find_package)
    install_and_move
    with_cmake -DCMAKE_PREFIX_PATH="$prefix"
    ;;
add_subdirectory)
    with_cmake -DMLSERVE_SOURCE="$source"
    ;;
cpp17)
    install_and_move
    # shellcheck disable=SC2046
    "$CXX" -std=c++17 -Wall -Wextra -Wpedantic -Werror -o "$work/cpp17" \
        "$consumer/consumer.cpp" $(pkg-config --cflags --libs libmlserve) \
        -Wl,-rpath,"$(pkg-config --variable=libdir libmlserve)"
    "$work/cpp17"
    ;;
*)
    echo "consume.sh: unknown way $way" >&2
    exit 2
    ;;
esac
