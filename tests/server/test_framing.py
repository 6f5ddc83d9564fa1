# SPDX-License-Identifier: MIT
"""Requests that two parsers could read differently are refused, and the connection ends."""

import unittest

import serving
from serving import Server

BODY = b"[]"
HEAD = b"POST /predict HTTP/1.1\r\nHost: t\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

REFUSED = {
    "a folded header": (400, b"GET /healthz HTTP/1.1\r\nHost: t\r\nX: a\r\n b\r\n\r\n"),
    "a folded first header": (400, b"GET /healthz HTTP/1.1\r\n Host: t\r\nHost: t\r\n\r\n"),
    "space before a colon": (400, b"GET /healthz HTTP/1.1\r\nHost : t\r\n\r\n"),
    "no name": (400, b"GET /healthz HTTP/1.1\r\nHost: t\r\n: x\r\n\r\n"),
    "no colon": (400, b"GET /healthz HTTP/1.1\r\nHost: t\r\nabc\r\n\r\n"),
    "NUL in a value": (400, b"GET /healthz HTTP/1.1\r\nHost: t\r\nX: a\0b\r\n\r\n"),
    "CR in a value": (400, b"GET /healthz HTTP/1.1\r\nHost: t\r\nX: a\rb\r\n\r\n"),
    "LF ends a header": (400, b"GET /healthz HTTP/1.1\r\nHost: t\nX: b\r\n\r\n"),
    "LF ends the head": (400, b"GET /healthz HTTP/1.1\nHost: t\n\n"),
    "length and chunked": (400, HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"),
    "chunked and length": (400, HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n"),
    "two lengths": (400, HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]"),
    "two equal lengths": (400, HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n[]"),
    "Host twice": (400, b"GET /healthz HTTP/1.1\r\nHost: t\r\nHost: t\r\n\r\n"),
    "no Host": (400, b"GET /healthz HTTP/1.1\r\n\r\n"),
    "an odd Host": (400, b"GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    "two spaces in the first line": (400, b"GET  /healthz HTTP/1.1\r\nHost: t\r\n\r\n"),
    "space after the version": (400, b"GET /healthz HTTP/1.1 \r\nHost: t\r\n\r\n"),
    "HTTP/0.9": (400, b"GET /healthz\r\n\r\n"),
    "HTTP/2.0": (505, b"GET /healthz HTTP/2.0\r\nHost: t\r\n\r\n"),
    "HTTP/1.2": (505, b"GET /healthz HTTP/1.2\r\nHost: t\r\n\r\n"),
    "http/1.1": (400, b"GET /healthz http/1.1\r\nHost: t\r\n\r\n"),
    "a relative target": (400, b"GET healthz HTTP/1.1\r\nHost: t\r\n\r\n"),
    "CONNECT": (501, b"CONNECT t:80 HTTP/1.1\r\nHost: t\r\n\r\n"),
    "an unknown method": (501, b"FROB /healthz HTTP/1.1\r\nHost: t\r\n\r\n"),
    "a method in lower case": (501, b"get /healthz HTTP/1.1\r\nHost: t\r\n\r\n"),
    "two empty lines first": (400, b"\r\n\r\nGET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"),
    "another expectation": (417, HEAD + b"Expect: cake\r\nContent-Length: 2\r\n\r\n"),
    "trailers": (400, CHUNKED + b"2\r\n[]\r\n0\r\nX: y\r\n\r\n"),
    "no CR LF after a chunk": (400, CHUNKED + b"2\r\n[]0\r\n\r\n"),
    "LF after a chunk": (400, CHUNKED + b"2\r\n[]\n0\r\n\r\n"),
    "LF after a chunk size": (400, CHUNKED + b"2\n[]\r\n0\r\n\r\n"),
    "a long chunk extension": (400, CHUNKED + b"2;" + b"x" * 300 + b"\r\n[]\r\n0\r\n\r\n"),
    "a chunk of 2^64": (400, CHUNKED + b"10000000000000000\r\n"),
    "a chunk over the limit": (413, CHUNKED + b"fffffff\r\n"),
    "chunked in HTTP/1.0": (400, b"POST /predict HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
}
for value in (b"+2", b"-2", b"0x2", b"2,2", b"2 2", b" 2", b"2 ", b"\t2", b"2_0", b"2.0", b"two",
              b"", b"99999999999999999999", b"\xd9\xa2"):
    REFUSED[f"Content-Length {value!r}"] = (400, HEAD + b"Content-Length: " + value + b"\r\n\r\n[]")
for value in (b"gzip", b"chunked, chunked", b"gzip, chunked", b"chunked, identity", b"identity",
              b"xchunked", b"chunked ", b" chunked", b"\x0bchunked", b'"chunked"', b"chunked;a=b"):
    REFUSED[f"Transfer-Encoding {value!r}"] = (
        400, HEAD + b"Transfer-Encoding: " + value + b"\r\n\r\n0\r\n\r\n")
for value in (b"0x2", b"+2", b"-2", b"0_2", b" 2", b"2 ", b"", b"g", b"2 ;x", b"\t2", b"2\0"):
    REFUSED[f"chunk size {value!r}"] = (400, CHUNKED + value + b"\r\n[]\r\n0\r\n\r\n")


class Framing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None)

    def test_uncertain_requests_are_refused_and_the_connection_ends(self):
        for name, (code, data) in REFUSED.items():
            with self.subTest(name), self.server.connect() as connection:
                connection.send(data + b"GET /healthz HTTP/1.1\r\nHost: smuggled\r\n\r\n")
                answer = connection.answer()
                self.assertEqual(answer.code, code, answer.body)
                self.assertEqual(answer.headers["connection"], "close")
                self.assertEqual(list(answer.json), ["detail"])
                self.assertTrue(connection.is_closed(), "something was answered after it")

    def test_they_are_refused_alike_when_they_come_byte_by_byte(self):
        for name, (code, data) in REFUSED.items():
            if len(data) > 200:
                continue
            with self.subTest(name), self.server.connect() as connection:
                try:
                    for byte in data:
                        connection.send(bytes([byte]))
                except OSError:
                    pass  # it was refused before its end
                try:
                    self.assertEqual(connection.answer().code, code)
                except ConnectionResetError:
                    pass

    def test_what_is_odd_but_certain_is_taken(self):
        for data in (
            b"\r\nGET /healthz HTTP/1.1\r\nHost: t\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nhost:t\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost:\r\nX:  a \t\r\nY: \xff\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 2\r\n\r\n[]",
            CHUNKED + b"1;a=b\r\n[\r\n001\r\n]\r\n0;last\r\n\r\n",
            HEAD + b"transfer-encoding:CHUNKED\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
        ):
            with self.subTest(data), self.server.connect() as connection:
                connection.send(data + b"GET /readyz HTTP/1.1\r\nHost: t\r\n\r\n")
                self.assertEqual(connection.answer().code, 200)
                self.assertEqual(connection.answer().json, {"status": "ready"})

    def test_a_request_is_the_same_however_it_is_cut(self):
        requests = (
            serving.request("POST", "/predict", BODY),
            CHUNKED + b"1\r\n[\r\n1\r\n]\r\n0\r\n\r\n",
        )
        for data in requests:
            for cut in range(1, len(data)):
                with self.server.connect() as connection:
                    connection.send(data[:cut])
                    connection.send(data[cut:])
                    self.assertEqual(connection.answer().json, {"predictions": []}, cut)
            with self.server.connect() as connection:
                for byte in data:
                    connection.send(bytes([byte]))
                self.assertEqual(connection.answer().json, {"predictions": []})


if __name__ == "__main__":
    serving.main()
