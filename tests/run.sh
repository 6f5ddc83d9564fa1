#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh -- install what is missing, build, run the tests.
#
#   sh tests/run.sh [--no-install] [--preset release|debug|asan|tsan] [--long]
#
#   --no-install  install nothing
#   --preset      which build; release unless said
#   --long        also the tests that take minutes
#
# The last line is "N passed, N failed"; the exit status is 0 only if none failed.
set -eu

usage() {
    sed -n '4,11s/^# \{0,1\}//p' "$0"
}

install=yes
preset=release
long=no
while [ $# -gt 0 ]; do
    case $1 in
    --no-install) install=no ;;
    --preset)
        [ $# -gt 1 ] || { usage && exit 2; }
        preset=$2
        shift
        ;;
    --long) long=yes ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        echo "run.sh: unknown option $1" >&2
        usage >&2
        exit 2
        ;;
    esac
    shift
done

cd "$(dirname "$0")/.."
. tests/packages.sh

if [ "$install" = yes ]; then
    install_missing "$build_packages $test_packages"
fi

cores=$(nproc 2>/dev/null || echo 1)
begin=$(date +%s)
echo "== Configuring the preset $preset"
configure "$preset" -DMLSERVE_TESTS=ON -DMLSERVE_EXAMPLES=ON -DMLSERVE_SERVER=ON
echo "== Building with $cores cores"
cmake --build --preset "$preset" -j "$cores"
built=$(date +%s)

# One thread for OpenBLAS: its idle threads' memory would be told as a leak, and the tests run
# beside each other anyway.
export OPENBLAS_NUM_THREADS=1
export ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=0:allocator_may_return_null=1"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1"

echo "== Testing"
output=build/$preset/tests.log
status=0
if [ "$long" = yes ]; then
    MLSERVE_LONG=1
    export MLSERVE_LONG
fi
{
    ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j "$cores" 2>&1 ||
        echo "ctest exit $?"
} | tee "$output"
ended=$(date +%s)

# A suite is what a test's name begins with: "unit_wire", "lint", ...
awk -v build=$((built - begin)) -v test=$((ended - built)) '
    / Test +#[0-9]+: / {
        name = $0
        sub(/^.* Test +#[0-9]+: /, "", name)
        rest = name
        sub(/ .*$/, "", name)
        suite = name
        if (name ~ /^unit_/) {
            sub(/^unit_/, "", suite)
            sub(/_.*$/, "", suite)
            suite = "unit_" suite
        } else {
            sub(/_.*$/, "", suite)
        }
        if (!(suite in tests)) {
            order[++suites] = suite
        }
        tests[suite]++
        seconds[suite] += (rest ~ / sec *$/) ? $(NF - 1) : 0
        if (rest ~ / Passed /) {
            passed++
        } else {
            failed++
            bad[suite]++
        }
    }
    END {
        printf "\n%-20s %6s %7s %9s\n", "suite", "tests", "failed", "seconds"
        for (i = 1; i <= suites; i++) {
            s = order[i]
            printf "%-20s %6d %7d %9.2f\n", s, tests[s], bad[s], seconds[s]
        }
        printf "\nbuild %d s, tests %d s\n", build, test
        printf "%d passed, %d failed\n", passed, failed
        exit passed == 0 || failed > 0
    }
' "$output" || status=1
if grep -q '^ctest exit' "$output"; then
    status=1
fi
exit $status
