# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
#
# packages.sh -- what the project needs of the system, in one place, and how it is installed.
#
# Read in (". tests/packages.sh") by tests/run.sh and examples/quickstart.sh. Written for Debian
# 12; on a system without apt nothing is installed, and CMake says what is missing.

# Package, and after the colon a command or a file whose presence shows that it is not needed.
build_packages='
    make:make
    pkg-config:pkg-config
    libopenblas-dev:
    libcjson-dev:
    libuv1-dev:
    node-llhttp:/usr/include/llhttp.h
'
run_packages='
    curl:curl
    ca-certificates:
'
test_packages='
    g++:c++
    python3:python3
    libcmocka-dev:
    clang-format-14:clang-format-14
    curl:curl
    abigail-tools:abidiff
    spin:spin
'

# is_there PACKAGE:SIGN -- whether a package, or what it is wanted for, is there.
is_there() {
    sign=${1#*:}
    case $sign in
    '') ;;
    /*) [ -e "$sign" ] && return 0 ;;
    *) command -v "$sign" >/dev/null 2>&1 && return 0 ;;
    esac
    dpkg-query -W -f '${db:Status-Status}\n' "${1%%:*}" 2>/dev/null | grep -qx installed
}

# install_missing PACKAGES -- install those that are not there, saying which first.
install_missing() {
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "This system has no apt-get: install the needed packages by hand if CMake misses any."
        return 0
    fi
    missing=''
    for entry in $1; do
        if ! is_there "$entry"; then
            missing="$missing ${entry%%:*}"
        fi
    done
    if [ -z "$missing" ]; then
        return 0
    fi
    echo "== Installing by apt:$missing"
    as_root=''
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "Neither root nor sudo: install these as root, then call again with --no-install:"
            echo "    apt-get install --no-install-recommends$missing"
            return 1
        fi
        as_root='sudo'
    fi
    # The lists are fetched only where they do not know a package, or know an old version of it.
    # shellcheck disable=SC2086
    if ! apt_install $missing; then
        echo "== Renewing the lists of packages, then once more"
        $as_root apt-get -q update && apt_install $missing
    fi
}

apt_install() {
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "$@" </dev/null
}

# configure PRESET OPTIONS... -- with Ninja where there is one, else Make.
configure() {
    preset=$1
    shift
    if [ ! -e "build/$preset/CMakeCache.txt" ] && command -v ninja >/dev/null 2>&1; then
        set -- -G Ninja "$@"
    fi
    cmake --preset "$preset" "$@"
}
