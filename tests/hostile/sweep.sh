#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sweep.sh SWEEP KIND FILE SAMPLE -- a sample of the damages, or with MLSERVE_LONG all of them.
set -eu
if [ -n "${MLSERVE_LONG:-}" ]; then
    exec "$1" "$2" "$3"
fi
exec "$1" "$2" "$3" --sample "$4"
