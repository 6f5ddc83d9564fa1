# SPDX-License-Identifier: MIT
"""A limit on everything: what is too large, too many or too slow, and that others do not feel it."""

import os
import select
import socket
import time
import unittest

import serving
from serving import Server

HEAD = b"POST /predict HTTP/1.1\r\nHost: t\r\n"


class Sizes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None)

    def code_of(self, data):
        with self.server.connect() as connection:
            try:
                connection.send(data)
            except OSError:
                pass
            answer = connection.answer()
            self.assertEqual(answer.headers["connection"], "close")
            return answer.code

    def test_a_large_body_is_refused_before_it_is_read(self):
        self.assertEqual(self.code_of(HEAD + b"Content-Length: 16777217\r\n\r\n"), 413)
        self.assertEqual(self.code_of(HEAD + b"Content-Length: 999999999999999999\r\n\r\n"), 413)

    def test_the_refusal_of_a_large_body_reaches_a_client_that_sends_on(self):
        with self.server.connect() as connection:
            connection.send(HEAD + b"Content-Length: 20000000\r\n\r\n")
            try:
                for _ in range(200):
                    connection.send(b"x" * 100000)
            except OSError:
                pass
            self.assertEqual(connection.answer().code, 413)

    def test_a_body_of_the_limit_is_read(self):
        body = b"[" + b" " * (16777216 - 2) + b"]"
        answer = self.server.post("/predict", body)
        self.assertEqual((answer.code, answer.json), (200, {"predictions": []}))

    def test_a_long_request_line_answers_414(self):
        self.assertEqual(self.code_of(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: t\r\n\r\n"), 414)
        self.assertEqual(self.code_of(b"GET /" + b"a" * 20000), 414)

    def test_a_long_header_line_answers_431(self):
        start = b"GET /healthz HTTP/1.1\r\nHost: t\r\n"
        self.assertEqual(self.code_of(start + b"X: " + b"a" * 9000 + b"\r\n\r\n"), 431)
        self.assertEqual(self.code_of(start + b"X: " + b"a" * 20000), 431)

    def test_long_headers_answer_431(self):
        lines = b"".join(b"X%d: %s\r\n" % (i, b"a" * 5000) for i in range(4))
        self.assertEqual(self.code_of(b"GET /healthz HTTP/1.1\r\nHost: t\r\n" + lines + b"\r\n"), 431)

    def test_many_headers_answer_431(self):
        def head(count):
            lines = b"".join(b"X%d: a\r\n" % i for i in range(count - 1))
            return b"GET /healthz HTTP/1.1\r\nHost: t\r\n" + lines + b"\r\n"

        self.assertEqual(self.code_of(head(101)), 431)
        with self.server.connect() as connection:
            connection.send(head(100))
            self.assertEqual(connection.answer().code, 200)

    def test_many_chunks_answer_413(self):
        start = HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n"
        chunks = b"1\r\n \r\n"
        with self.server.connect() as connection:
            connection.send(start + chunks * 65534 + b"1\r\n]\r\n0\r\n\r\n")
            self.assertEqual(connection.answer().code, 200)
        self.assertEqual(self.code_of(start + chunks * 65536), 413)

    def test_memory_of_a_body_is_bounded(self):
        def peak():
            with open(f"/proc/{self.server.process.pid}/status") as status:
                return [int(line.split()[1]) for line in status if line.startswith("VmHWM")][0]

        row = b"[" + b",".join([b"0.123456789"] * 64) + b"]"
        body = b"[" + b",".join([row] * 4000) + b"]"
        before = peak()
        answer = self.server.post("/predict", body)
        self.assertEqual(answer.code, 200)
        grown = (peak() - before) * 1024
        if "asan" not in serving.PROGRAM and "tsan" not in serving.PROGRAM:
            self.assertLess(grown, len(body) * 5 + 65536 + 2 * len(answer.body) + (1 << 20))


class Times(unittest.TestCase):
    def seconds_until_closed(self, connection):
        start = time.monotonic()
        answer = connection.answer()
        self.assertTrue(connection.is_closed())
        return time.monotonic() - start, answer

    def test_a_slow_head_is_closed_at_its_deadline(self):
        with Server("--header-timeout-ms", "600") as server:
            with server.connect() as connection:
                connection.send(b"GET /healthz HTTP/1.1\r\nHo")
                seconds, answer = self.seconds_until_closed(connection)
                self.assertEqual(answer.code, 408)
                self.assertTrue(0.5 < seconds < 1.7, seconds)

    def test_a_byte_now_and_then_does_not_move_the_deadline(self):
        with Server("--header-timeout-ms", "600") as server:
            with server.connect() as connection:
                start = time.monotonic()
                while not select.select([connection.socket], [], [], 0.1)[0]:
                    connection.send(b"G")
                self.assertEqual(connection.answer().code, 408)
                self.assertTrue(0.5 < time.monotonic() - start < 1.7)

    def test_a_connection_that_says_nothing_is_closed(self):
        with Server("--header-timeout-ms", "400") as server, server.connect() as connection:
            seconds, answer = self.seconds_until_closed(connection)
            self.assertIsNone(answer)
            self.assertTrue(0.3 < seconds < 1.5, seconds)

    def test_an_idle_connection_is_closed(self):
        with Server("--idle-timeout-ms", "400") as server, server.connect() as connection:
            connection.send(serving.request("GET", "/healthz"))
            self.assertEqual(connection.answer().code, 200)
            seconds, answer = self.seconds_until_closed(connection)
            self.assertIsNone(answer)
            self.assertTrue(0.3 < seconds < 1.5, seconds)

    def test_a_slow_body_is_closed(self):
        with Server("--body-timeout-ms", "400") as server, server.connect() as connection:
            connection.send(HEAD + b"Content-Length: 1000\r\n\r\n[")
            seconds, answer = self.seconds_until_closed(connection)
            self.assertEqual(answer.code, 408)
            self.assertTrue(0.3 < seconds < 1.5, seconds)

    def test_a_reader_that_takes_nothing_is_closed_and_nothing_more_is_read_from_it(self):
        with Server("--write-timeout-ms", "500") as server, server.connect(2) as connection:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            body = "[" + ",".join([str([0] * 10)] * 60000) + "]"
            data = serving.request("POST", "/batch-predict?model=diabetes", body)
            with self.assertRaises(OSError):
                for _ in range(1000):
                    connection.send(data)
            time.sleep(1.5)
            self.assertEqual(server.ask("GET", "/healthz").code, 200)


class Counts(unittest.TestCase):
    def test_connections_past_the_limit_answer_503_and_the_others_go_on(self):
        with Server("--loops", "1", files=160) as server:
            held = []
            codes = []
            for _ in range(100):
                connection = server.connect()
                connection.send(serving.request("GET", "/healthz"))
                answer = connection.answer()
                codes.append(answer.code)
                held.append(connection)
            self.assertEqual(codes[:80], [200] * 80)
            self.assertEqual(codes[80:], [503] * 20)
            self.assertEqual(answer.headers["retry-after"], "1")
            for connection in held:
                connection.socket.close()
            self.assertTrue(serving.wait_until(
                lambda: server.ask("GET", "/healthz").code == 200))

    def test_out_of_files_the_server_does_not_spin(self):
        def cpu_seconds(server):
            with open(f"/proc/{server.process.pid}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        with Server("--loops", "1", files=40) as server:
            held = []
            for _ in range(100):
                try:
                    held.append(socket.create_connection(("127.0.0.1", server.port), 2))
                except OSError:
                    break
            time.sleep(0.3)
            before = cpu_seconds(server)
            time.sleep(1)
            self.assertLess(cpu_seconds(server) - before, 0.2)
            for one in held:
                one.close()
            self.assertTrue(serving.wait_until(
                lambda: server.ask("GET", "/healthz") is not None))

    def test_an_idle_server_sleeps(self):
        with Server() as server:
            server.ask("GET", "/healthz")
            time.sleep(1.5)

            def switches():
                total = 0
                for task in os.listdir(f"/proc/{server.process.pid}/task"):
                    with open(f"/proc/{server.process.pid}/task/{task}/status") as status:
                        total += sum(int(line.split()[1]) for line in status
                                     if "voluntary_ctxt" in line)
                return total

            before = switches()
            time.sleep(1)
            # The thread sanitizer has a thread of its own that wakes.
            self.assertLess(switches() - before, 50 if "tsan" in serving.PROGRAM else 5)


if __name__ == "__main__":
    serving.main()
