# SPDX-License-Identifier: MIT
"""Pipelines, 1.0, Expect, half closes, crowds, and the end by a signal."""

import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

import serving
from serving import Server, request, rows_of, GOLDEN


class Connections(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().__enter__()
        cls.rows = rows_of(os.path.join(GOLDEN, "digits", "X_test.npy"))
        cls.labels = [row[0] for row in rows_of(os.path.join(GOLDEN, "digits", "mlp.label.npy"))]

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None)

    def test_pipelined_requests_are_answered_in_order(self):
        data = b""
        for i in range(60):
            data += request("POST", "/predict", json.dumps({"item": self.rows[i]}))
            data += request("GET", "/healthz") if i % 3 == 0 else request("GET", "/nope")
        with self.server.connect() as connection:
            connection.send(data)
            for i in range(60):
                self.assertEqual(connection.answer().json["label"], self.labels[i])
                self.assertEqual(connection.answer().code, 200 if i % 3 == 0 else 404)

    def test_keep_alive_is_kept(self):
        with self.server.connect() as connection:
            for i in range(50):
                connection.send(request("POST", "/predict", json.dumps([self.rows[i]])))
                answer = connection.answer()
                self.assertEqual(answer.json["predictions"][0]["label"], self.labels[i])
                self.assertNotIn("connection", answer.headers)

    def test_connection_close_is_obeyed(self):
        with self.server.connect() as connection:
            connection.send(request("GET", "/healthz", headers=("Connection: close",)) +
                            request("GET", "/healthz"))
            self.assertEqual(connection.answer().headers["connection"], "close")
            self.assertTrue(connection.is_closed())

    def test_http_1_0_closes_unless_asked_to_keep(self):
        with self.server.connect() as connection:
            connection.send(b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            self.assertEqual(connection.answer().headers["connection"], "keep-alive")
            connection.send(b"GET /healthz HTTP/1.0\r\n\r\n")
            self.assertEqual(connection.answer().headers["connection"], "close")
            self.assertTrue(connection.is_closed())

    def test_expect_is_answered_before_the_body_comes(self):
        body = json.dumps([self.rows[0]]).encode()
        with self.server.connect() as connection:
            connection.send(request("POST", "/predict", None, (
                "Expect: 100-continue", f"Content-Length: {len(body)}")))
            self.assertEqual(connection.answer().code, 100)
            connection.send(body)
            self.assertEqual(connection.answer().code, 200)

    def test_curl_with_a_large_body_is_answered(self):
        body = json.dumps(self.rows[:100])
        with self.server.connect() as connection:
            connection.send(request("POST", "/predict", body, ("Expect: 100-continue",)))
            self.assertEqual([connection.answer().code, connection.answer().code], [100, 200])

    def test_a_half_closed_client_gets_its_answer(self):
        with self.server.connect() as connection:
            connection.send(request("POST", "/predict", json.dumps([self.rows[0]])))
            connection.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(connection.answer().code, 200)
            self.assertTrue(connection.is_closed())

    def test_clients_that_vanish_leave_nothing_behind(self):
        def files():
            return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

        before = files()
        for _ in range(50):
            connection = self.server.connect()
            connection.send(request("POST", "/predict", json.dumps(self.rows[:50]))[:-7])
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                         struct.pack("ii", 1, 0))
            connection.socket.close()
        self.assertTrue(serving.wait_until(lambda: files() <= before))
        self.assertEqual(self.server.ask("GET", "/healthz").code, 200)

    def test_five_hundred_connections_at_once(self):
        crowd = [self.server.connect() for _ in range(500)]
        for i, connection in enumerate(crowd):
            connection.send(request("POST", "/predict", json.dumps({"item": self.rows[i % 360]})))
        for i, connection in enumerate(crowd):
            self.assertEqual(connection.answer().json["label"], self.labels[i % 360])
        for connection in crowd:
            connection.socket.close()

    def test_threads_of_clients_get_their_own_answers(self):
        wrong = []

        def client(number):
            with self.server.connect() as connection:
                for i in range(number, number + 40):
                    connection.send(request("POST", "/predict",
                                            json.dumps({"item": self.rows[i]})))
                    if connection.answer().json["label"] != self.labels[i]:
                        wrong.append(i)

        threads = [threading.Thread(target=client, args=(8 * n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


class Ends(unittest.TestCase):
    def test_the_request_in_flight_is_answered_and_the_exit_code_is_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Server() as server, server.connect() as connection, server.connect() as idle:
                idle.send(request("GET", "/healthz"))
                idle.answer()
                data = request("POST", "/predict", "[]")
                connection.send(data[:-1])
                time.sleep(0.2)
                server.process.send_signal(number)
                self.assertTrue(idle.is_closed())
                self.assertTrue(serving.wait_until(lambda: not self.accepts(server)))
                connection.send(data[-1:])
                answer = connection.answer()
                self.assertEqual((answer.code, answer.headers["connection"]), (200, "close"))
                connection.socket.close()
                self.assertEqual(server.wait(), 0)

    def accepts(self, server):
        try:
            socket.create_connection(("127.0.0.1", server.port), 1).close()
            return True
        except OSError:
            return False

    def test_readiness_ends_first(self):
        with Server("--drain-delay-ms", "1500") as server:
            self.assertEqual(server.ask("GET", "/readyz").code, 200)
            server.terminate()
            self.assertTrue(serving.wait_until(
                lambda: server.ask("GET", "/readyz").code == 503, 1))
            answer = server.ask("GET", "/v2/health/ready")
            self.assertEqual((answer.code, list(answer.json)), (503, ["error"]))
            self.assertEqual(server.ask("GET", "/v2/health/live").code, 200)
            self.assertEqual(server.ask("GET", "/healthz").code, 200)
            self.assertEqual(server.wait(), 0)

    def test_the_grace_ends(self):
        with Server("--grace-ms", "500") as server, server.connect() as connection:
            connection.send(b"POST /predict HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n[")
            time.sleep(0.2)
            start = time.monotonic()
            server.terminate()
            self.assertEqual(server.wait(), 0)
            self.assertTrue(0.4 < time.monotonic() - start < 3)

    def test_a_second_signal_ends_it_at_once(self):
        server = Server().__enter__()
        with server.connect() as connection:
            connection.send(b"POST /predict HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n[")
            time.sleep(0.2)
            server.terminate()
            time.sleep(0.3)
            self.assertIsNone(server.process.poll())
            server.terminate()
            self.assertEqual(server.wait(3), 1)
        server.process.stderr.close()

    def test_what_was_sent_before_the_signal_is_answered(self):
        """Connections that wait to be accepted while a loop computes are taken and answered."""
        wide = f"digits={serving.GOLDEN}/digits/mlp_wide.onnx"
        rows = [[(i * 7 + j) % 17 for j in range(64)] for i in range(30000)]
        batch = request("POST", "/batch-predict", json.dumps(rows))
        for loops in ("1", "2"):
            with Server("--loops", loops, models=[wide]) as server, server.connect(30) as slow:
                slow.send(batch)
                time.sleep(0.1)
                waiting = [server.connect(10) for _ in range(20)]
                for connection in waiting:
                    connection.send(request("GET", "/healthz"))
                server.process.send_signal(signal.SIGTERM)
                codes = [connection.answer().code for connection in waiting]
                self.assertEqual(codes, [200] * 20)
                self.assertEqual(slow.answer().code, 200)
                for connection in waiting:
                    connection.socket.close()
                slow.socket.close()
                self.assertEqual(server.wait(), 0)

    def test_the_loops_own_computing_is_no_clients_delay(self):
        wide = f"digits={serving.GOLDEN}/digits/mlp_wide.onnx"
        rows = [[(i * 7 + j) % 17 for j in range(64)] for i in range(30000)]
        times = ("--header-timeout-ms", "300", "--body-timeout-ms", "300")
        batch = request("POST", "/batch-predict", json.dumps(rows))
        head = request("GET", "/healthz")
        with Server("--loops", "1", *times, models=[wide]) as server, server.connect(30) as slow:
            slow.send(batch[:-1])
            others = [server.connect(30) for _ in range(5)]
            for connection in others:
                connection.send(head[:-1])
            slow.send(batch[-1:])
            time.sleep(0.02)
            for connection in others:
                connection.send(head[-1:])
            self.assertEqual([c.answer().code for c in others], [200] * 5)
            self.assertEqual(slow.answer().code, 200)
            for connection in others:
                connection.socket.close()

    def test_it_drains_under_load(self):
        row = json.dumps([[0.0] * 64])
        failures = []

        def client(server):
            while True:
                try:
                    connection = server.connect(5)
                except OSError:
                    return
                with connection:
                    try:
                        connection.send(request("POST", "/predict", row))
                        answer = connection.answer()
                    except OSError:
                        return  # refused before it was accepted
                    if answer is None:
                        return
                    if answer.code != 200:
                        failures.append(answer.code)

        with Server() as server:
            threads = [threading.Thread(target=client, args=(server,)) for _ in range(8)]
            for thread in threads:
                thread.start()
            time.sleep(0.5)
            server.terminate()
            self.assertEqual(server.wait(15), 0)
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])


class Start(unittest.TestCase):
    def run_serve(self, *words):
        return subprocess.run([serving.PROGRAM, "serve", *words], capture_output=True, text=True,
                              timeout=30)

    def test_a_public_address_is_refused_unless_asked_for(self):
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
            result = self.run_serve("--model", f"a={serving.DIGITS}", "--listen", address)
            self.assertEqual(result.returncode, 2)
            self.assertIn("--allow-public", result.stderr)

    def test_what_cannot_start_says_why(self):
        model = f"a={serving.DIGITS}"
        for words, code, text in (
            ((), 2, "--model"),
            (("--model", "nope"), 1, "NAME=PATH"),
            (("--model", "a/b=x"), 1, "NAME=PATH"),
            (("--model", "a=/does/not/exist.onnx"), 1, "/does/not/exist.onnx"),
            (("--model", model, "--model", model), 1, "two models"),
            (("--model", model, "--listen", "somewhere"), 2, "somewhere"),
            (("--model", model, "--loops", "0"), 2, "--loops"),
            (("--model", model, "--lops", "1"), 2, "--loops"),
        ):
            result = self.run_serve(*words)
            self.assertEqual(result.returncode, code, words)
            self.assertIn(text, result.stderr, words)

    def test_a_port_in_use_by_another_program_is_refused(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            result = self.run_serve("--model", f"a={serving.DIGITS}", "--listen",
                                    f"127.0.0.1:{port}")
            self.assertEqual(result.returncode, 1)
            self.assertIn(str(port), result.stderr)

    def test_a_port_in_use_by_another_server_is_refused(self):
        with Server() as server:
            result = self.run_serve("--model", f"a={serving.DIGITS}", "--listen",
                                    f"127.0.0.1:{server.port}")
            self.assertEqual(result.returncode, 1)
            self.assertIn(str(server.port), result.stderr)


if __name__ == "__main__":
    serving.main()
