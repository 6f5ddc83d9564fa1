# SPDX-License-Identifier: MIT
"""Start the real server on a free port and talk to it, byte by byte where it matters."""

import array
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

GOLDEN = os.path.join("tests", "golden")
DIGITS = os.path.join(GOLDEN, "digits", "mlp.onnx")
DIABETES = os.path.join(GOLDEN, "diabetes", "mlp_reg.onnx")
PROGRAM = None  # set by main()


def read_npy(path):
    """(shape, flat list) of a little-endian npy file."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:6] == b"\x93NUMPY", path
    size = struct.unpack("<H", data[8:10])[0]
    header = data[10:10 + size].decode()
    kind = re.search(r"'descr': '<(\w+)'", header).group(1)
    shape = tuple(int(n) for n in re.search(r"\(([^)]*)\)", header).group(1).split(",") if n.strip())
    return shape, array.array({"f4": "f", "f8": "d", "i8": "q"}[kind], data[10 + size:])


def rows_of(path):
    shape, values = read_npy(path)
    width = shape[1] if len(shape) > 1 else 1
    return [list(values[i * width:(i + 1) * width]) for i in range(shape[0])]


class Server:
    """The program as a context: started, and at the end asked to stop and seen to exit with 0."""

    def __init__(self, *options, models=None, files=None):
        models = models or [f"digits={DIGITS}", f"diabetes={DIABETES}"]
        self.words = [PROGRAM, "serve", "--listen", "127.0.0.1:0"]
        for model in models:
            self.words += ["--model", model]
        self.words += list(options)
        if files:
            self.words = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh"] + self.words
        self.lines = []

    def __enter__(self):
        # A second signal ends the program without joining its loops: no leak to be told of.
        quiet = os.environ.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0"
        self.process = subprocess.Popen(self.words, stderr=subprocess.PIPE, text=True,
                                        env=dict(os.environ, TSAN_OPTIONS=quiet))
        self.port = None
        for line in self.process.stderr:
            self.lines.append(line)
            match = re.search(r"listening on http://127\.0\.0\.1:(\d+)", line)
            if match:
                self.port = int(match.group(1))
                break
        assert self.port, "".join(self.lines)
        self.drain = threading.Thread(target=self._drain, daemon=True)
        self.drain.start()
        return self

    def _drain(self):
        for line in self.process.stderr:
            self.lines.append(line)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds=30):
        code = self.process.wait(seconds)
        self.drain.join(5)
        return code

    def __exit__(self, kind, *unused):
        if self.process.poll() is None:
            self.terminate()
        try:
            code = self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        self.process.stderr.close()
        assert kind or code == 0, f"exit code {code}:\n" + "".join(self.lines)

    def connect(self, timeout=15):
        return Connection(self.port, timeout)

    def ask(self, method, path, body=None, headers=()):
        with self.connect() as connection:
            connection.send(request(method, path, body, headers))
            return connection.answer(method)

    def post(self, path, body, headers=()):
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        return self.ask("POST", path, body, headers)


def request(method, path, body=None, headers=()):
    body = body.encode() if isinstance(body, str) else body
    lines = [f"{method} {path} HTTP/1.1", "Host: test"] + list(headers)
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


class Answer:
    def __init__(self, code, headers, body):
        self.code, self.headers, self.body = code, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Connection:
    def __init__(self, port, timeout):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bytes = b""

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        data = self.socket.recv(65536)
        self.bytes += data
        return bool(data)

    def answer(self, method="GET"):
        """The next answer; None: the peer closed before one."""
        while b"\r\n\r\n" not in self.bytes:
            if not self._more():
                assert not self.bytes, f"half an answer: {self.bytes!r}"
                return None
        head, self.bytes = self.bytes.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        headers = dict((name.lower(), value) for name, value in
                       (line.split(": ", 1) for line in lines[1:]))
        code = int(lines[0].split(" ")[1])
        size = 0 if method == "HEAD" or code == 100 else int(headers["content-length"])
        while len(self.bytes) < size:
            assert self._more(), "the peer closed within a body"
        body, self.bytes = self.bytes[:size], self.bytes[size:]
        return Answer(code, headers, body)

    def is_closed(self):
        """Whether the peer closes, with nothing more said."""
        try:
            return not self.bytes and not self.socket.recv(1)
        except ConnectionResetError:
            return True


def wait_until(condition, seconds=10):
    due = time.monotonic() + seconds
    while time.monotonic() < due:
        if condition():
            return True
        time.sleep(0.02)
    return False


def main():
    global PROGRAM
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    sys.modules["serving"].PROGRAM = PROGRAM
    unittest.main(module="__main__", verbosity=2, warnings="ignore")
