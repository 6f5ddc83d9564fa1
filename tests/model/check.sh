#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check.sh -- try every interleaving of the model of the pool's parking, and see that each
# variant with a part of the protocol left out is caught. Needs spin and a C compiler.
#
#     sh tests/model/check.sh
set -eu

model=$(cd "$(dirname "$0")" && pwd)/parking.pml
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
failures=0

# try BUILD RUN DEFINES -- build the verifier and run it; its log is in the file log.
try() {
    # shellcheck disable=SC2086
    spin $3 -a "$model" >spin.log && ${CC:-cc} -O2 -w $1 -o pan pan.c || {
        cat spin.log
        exit 1
    }
    # shellcheck disable=SC2086
    ./pan -m1000000 $2 >log 2>&1 || true
}

# expect clean|error WHAT BUILD RUN DEFINES
expect() {
    try "$3" "$4" "$5"
    errors=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' log)
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' log)
    seen=unsure
    if [ "$errors" = 0 ] && ! grep -q 'max search depth too small\|out of memory' log; then
        seen=clean
    elif [ -n "$errors" ] && [ "$errors" != 0 ]; then
        seen=error
    fi
    printf '%-7s %-60s %s states\n' "$seen" "$2" "${states:-no}"
    if [ "$seen" != "$1" ]; then
        echo "check.sh: expected $1" >&2
        cat log
        failures=$((failures + 1))
    fi
}

safety='-DSAFETY -DNOCLAIM'
liveness='-DNFAIR=4'

expect clean 'nothing stands still before all has run' "$safety" '' '-DITEMS=1 -DMORE=1'
expect clean 'in each fair run everything runs' "$liveness" '-a -f' '-DITEMS=1'
expect clean 'tasks that wait for each other get a thread each' "$safety" '' '-DITEMS=1 -DMEET'
expect error 'caught: no second look before the sleep' "$safety" '' '-DITEMS=1 -DNO_RECHECK'
expect error 'caught: no second look, as a run without end' "$liveness" '-a -f' '-DITEMS=1 -DNO_RECHECK'
expect error 'caught: the kernel does not compare the epoch' "$safety" '' '-DITEMS=1 -DNO_EPOCH'
expect error 'caught: a call is not taken back' "$safety" '' '-DITEMS=1 -DKEEP_CALL'
expect error 'caught: who is woken does not call the next' "$safety" '' '-DITEMS=1 -DMEET -DNO_CHAIN'
exit "$failures"
