# SPDX-License-Identifier: MIT
"""Fails each allocation, file call and thread start of the program mlserve in turn.

    python3 programs.py MLSERVE SHIM

The program runs as it is, under the shim (preload.c). However a call fails, it must end by
itself with 0 or 1, never by a signal, say something where it ends with 1, and leave no output
file or the whole one.

One exception: libuv 1.44 itself aborts in uv_loop_init() where the table of its descriptors
cannot grow. That is one call per loop, when the server starts; no more than that is let pass.
"""
import os
import signal
import subprocess
import sys
import tempfile
import time

MLSERVE, SHIM = sys.argv[1:3]
DIGITS = "tests/golden/digits/"


def environment(kind, at, forever, report):
    env = dict(os.environ, LD_PRELOAD=SHIM, FAULT_KIND=kind, FAULT_AT=str(at),
               FAULT_REPORT=report, OPENBLAS_NUM_THREADS="1")
    if forever:
        env["FAULT_FOREVER"] = "1"
    return env


def run_once(arguments, env):
    done = subprocess.run([MLSERVE] + arguments, env=env, capture_output=True, timeout=20)
    return done.returncode, done.stderr


def serve_once(arguments, env):
    """Start the server, end it by SIGTERM once it listens, or see it refuse."""
    process = subprocess.Popen([MLSERVE] + arguments, env=env, stderr=subprocess.PIPE,
                               stdout=subprocess.DEVNULL)
    line = process.stderr.readline()
    if b"listening" in line:
        process.send_signal(signal.SIGTERM)
    try:
        _, rest = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, line + rest


def sweep(name, once, arguments, kind, output=None, aborts_allowed=0):
    begun = time.monotonic()
    folder = tempfile.mkdtemp(prefix="mlserve-faults-")
    report = os.path.join(folder, "report")
    if output is not None:
        output = os.path.join(folder, output)
        arguments = arguments + ["--output", output]
    code, said = once(arguments, environment(kind, -1, False, report))
    assert code == 0, (name, code, said)
    with open(report) as file:
        count = int(file.read())
    expected = open(output, "rb").read() if output else None
    for forever in (False, True):
        aborts = 0
        for at in range(count):
            if output and os.path.exists(output):
                os.unlink(output)
            code, said = once(arguments, environment(kind, at, forever, report))
            place = "%s: %s call %d of %d%s" % (name, kind, at, count, " and on" * forever)
            if code == -signal.SIGABRT and aborts < aborts_allowed:
                aborts += 1
                continue
            assert code in (0, 1), "%s: ended with %d: %r" % (place, code, said)
            assert code == 0 or said or kind == "file", "%s: said nothing" % place
            if output:
                left = [f for f in os.listdir(folder) if f != "report"]
                assert left in ([], [os.path.basename(output)]), (place, left)
                assert (code == 0) == (left != []), (place, code, left)
                assert not left or open(output, "rb").read() == expected, place
    if output and os.path.exists(output):
        os.unlink(output)
    os.unlink(report)
    os.rmdir(folder)
    print("%s: %d %s calls, %.1f s" % (name, count, kind, time.monotonic() - begun))


predict = ["predict", "--model", DIGITS + "mlp.onnx", "--input", DIGITS + "X_test.npy",
           "--threads", "2"]
for kind in ("memory", "file", "thread"):
    sweep("predict", run_once, predict, kind, output="y.npy")
sweep("predict csv", run_once, predict, "file", output="y.csv")
for kind in ("memory", "file"):
    sweep("inspect", run_once, ["inspect", DIGITS + "logreg.safetensors", "--json"], kind)
serve = ["serve", "--model", "digits=" + DIGITS + "logreg.onnx", "--listen", "127.0.0.1:0",
         "--loops", "1"]
sweep("serve", serve_once, serve, "memory", aborts_allowed=1)
sweep("serve", serve_once, serve, "thread")
print("all held")
