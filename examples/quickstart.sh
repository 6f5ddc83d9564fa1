#!/bin/sh
# SPDX-License-Identifier: MIT
#
# quickstart.sh -- from nothing to predictions: install what is missing, build, start the server
# with a model of handwritten digits, send it ten real images, print its answers.
#
#   sh examples/quickstart.sh [--once] [--no-install] [--port N]
#
#   --once        stop after the answers; else the server stays until Ctrl-C
#   --no-install  install nothing
#   --port        where the server listens on 127.0.0.1; 8080 unless said
#
# digits10.json holds the first ten rows of tests/golden/digits/X_test.npy, digits10.labels their
# true labels: test images of the UCI digits (tests/golden/README.md), 8 by 8 pixels of 0 to 16.
set -eu

usage() {
    sed -n '4,11s/^# \{0,1\}//p' "$0"
}

install=yes
once=no
port=8080
while [ $# -gt 0 ]; do
    case $1 in
    --once) once=yes ;;
    --no-install) install=no ;;
    --port)
        [ $# -gt 1 ] || { usage && exit 2; }
        port=$2
        shift
        ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        echo "quickstart.sh: unknown option $1" >&2
        usage >&2
        exit 2
        ;;
    esac
    shift
done

cd "$(dirname "$0")/.."
. tests/packages.sh

if [ "$install" = yes ]; then
    install_missing "$build_packages $run_packages"
fi

url=http://127.0.0.1:$port
model=tests/golden/digits/mlp.onnx
answers=build/release/quickstart.answers
server=''

# Does anything answer on the port? curl exits with 7 where nobody does.
taken() {
    code=0
    curl -s -o /dev/null --max-time 2 "$url/" || code=$?
    [ "$code" -ne 7 ]
}

if taken; then
    echo "Port $port of 127.0.0.1 is taken, or no port at all; try: sh examples/quickstart.sh --port 8081"
    exit 1
fi

echo "== Building (log of the configuration: build/release/configure.log)"
mkdir -p build/release
if [ -e build/release/CMakeCache.txt ]; then
    set --
else
    set -- -DMLSERVE_TESTS=OFF -DMLSERVE_EXAMPLES=OFF
fi
if ! configure release "$@" >build/release/configure.log 2>&1; then
    tail -n 20 build/release/configure.log
    exit 1
fi
cmake --build --preset release -j "$(nproc 2>/dev/null || echo 1)" --target mlserve_program

stop() {
    trap '' INT TERM HUP
    if [ -n "$server" ]; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" || true
        server=''
    fi
}

# A terminal sends Ctrl-C to the server too, and a second signal would cut its answers short.
interrupted() {
    trap '' INT TERM HUP
    if [ -n "$server" ]; then
        (sleep 1 && kill -TERM "$server") 2>/dev/null &
        wait "$server" || true
        kill $! 2>/dev/null || true
        server=''
    fi
    exit 0
}
trap 'stop' EXIT
trap 'interrupted' INT
trap 'stop; exit 143' TERM HUP

echo "== Starting: build/release/bin/mlserve serve --model digits=$model --listen 127.0.0.1:$port"
build/release/bin/mlserve serve --model "digits=$model" --listen "127.0.0.1:$port" &
server=$!
tries=0
until curl -s -f -o /dev/null --max-time 2 "$url/readyz"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
        echo "The server did not become ready; what it said stands above."
        exit 1
    fi
    sleep 0.1
done

echo "== Sending ten images: curl -d @examples/digits10.json $url/batch-predict"
curl -sS -f --max-time 10 -H 'Content-Type: application/json' -o "$answers" \
    -d @examples/digits10.json "$url/batch-predict"

# Files in turn: true labels (a line each), images (a line each), the answer (one line).
awk '
    FNR == 1 { file++ }
    file == 1 { truth[++truths] = $1 }
    file == 2 && /\[[0-9]/ {
        gsub(/[^0-9,]/, "")
        image[++images] = $0
    }
    file == 3 {
        count = split($0, part, /\{"label": */)
        for (i = 2; i <= count; i++) {
            label = part[i]
            sub(/[,}].*$/, "", label)
            gsub(/"/, "", label)
            numbers = part[i]
            sub(/^.*"probabilities": *\[/, "", numbers)
            sub(/\].*$/, "", numbers)
            size = split(numbers, number, ",")
            best = 0
            for (j = 1; j <= size; j++) {
                best = number[j] + 0 > best ? number[j] + 0 : best
            }
            answer[i - 1] = label
            certain[i - 1] = best
        }
    }
    function line(first, text) {
        sub(/ +$/, "", text)
        print text
    }
    END {
        for (first = 1; first <= images; first += 5) {
            for (y = 0; y < 8; y++) {
                text = ""
                for (i = first; i < first + 5 && i <= images; i++) {
                    split(image[i], pixel, ",")
                    for (x = 1; x <= 8; x++) {
                        ink = substr(" .:-=+*#%@", 1 + int(pixel[8 * y + x] * 9 / 16), 1)
                        text = text ink ink
                    }
                }
                line(first, text)
            }
            for (row = 1; row <= 2; row++) {
                text = ""
                for (i = first; i < first + 5 && i <= images; i++) {
                    text = text sprintf(row == 1 ? "  predicted %-4s" : "  true      %-4s",
                        row == 1 ? (i in answer ? answer[i] : "none") : truth[i])
                }
                line(first, text)
            }
            text = ""
            for (i = first; i < first + 5 && i <= images; i++) {
                text = text sprintf("  sure %6.2f %% ", 100 * certain[i])
            }
            line(first, text)
            print ""
        }
        for (i = 1; i <= images; i++) {
            answered += i in answer
            right += i in answer && answer[i] == truth[i]
        }
        printf "%d of %d images answered, %d as labelled.\n", answered, images, right
        exit images != 10 || truths != images || answered != images
    }
' examples/digits10.labels examples/digits10.json "$answers"

if [ "$once" = yes ]; then
    exit 0
fi

cat <<MSG

The server stays on $url until Ctrl-C. Try from another terminal, in this folder:

    curl -d @examples/digits10.json $url/batch-predict
    curl -d '{"items": [[1, 2, 3], null]}' $url/batch-predict
    curl $url/healthz
    build/release/bin/mlserve inspect $model
    build/release/bin/mlserve predict --model $model --input tests/golden/digits/X_test.npy --output answers.csv
MSG
wait "$server"
