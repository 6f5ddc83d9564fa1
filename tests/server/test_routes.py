# SPDX-License-Identifier: MIT
"""Every route, with and without a final slash, and what is said where there is none."""

import os
import unittest

import serving
from serving import Server, rows_of, GOLDEN


class Routes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().__enter__()
        cls.rows = rows_of(os.path.join(GOLDEN, "digits", "X_test.npy"))
        cls.labels = [row[0] for row in rows_of(os.path.join(GOLDEN, "digits", "mlp.label.npy"))]

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None)

    def both(self, path):
        return (path, path + "/", path + "?a=b", path + "/?a=b")

    def test_get_routes_answer_json(self):
        for path, body in (("/healthz", {"status": "ok"}), ("/readyz", {"status": "ready"}),
                           ("/v2/health/live", {"live": True}),
                           ("/v2/health/ready", {"ready": True})):
            for spelling in self.both(path):
                answer = self.server.ask("GET", spelling)
                self.assertEqual((answer.code, answer.json), (200, body), spelling)
                self.assertEqual(answer.headers["content-type"], "application/json")
                self.assertRegex(answer.headers["date"], r"^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$")

    def test_root_names_version_and_models(self):
        answer = self.server.ask("GET", "/").json
        self.assertEqual(answer["name"], "mlserve")
        self.assertEqual(answer["models"], ["digits", "diabetes"])
        self.assertRegex(answer["version"], r"^\d+\.\d+\.\d+$")

    def test_head_has_the_headers_of_get_and_no_body(self):
        for path in ("/healthz", "/v2/health/live", "/"):
            with self.server.connect() as connection:
                connection.send(serving.request("HEAD", path) + serving.request("GET", path))
                head = connection.answer("HEAD")
                get = connection.answer()
                self.assertEqual((head.code, get.code), (200, 200))
                self.assertEqual(head.headers["content-length"], str(len(get.body)))

    def test_unknown_path_answers_404_in_the_form_of_its_family(self):
        self.assertEqual(self.server.ask("GET", "/nope").json, {"detail": "not found"})
        answer = self.server.ask("GET", "/v2/nope")
        self.assertEqual((answer.code, answer.json), (404, {"error": "not found"}))
        self.assertEqual(self.server.ask("GET", "/healthz//").code, 404)

    def test_wrong_method_answers_405_with_allow(self):
        answer = self.server.ask("GET", "/predict/")
        self.assertEqual((answer.code, answer.headers["allow"]), (405, "POST"))
        answer = self.server.post("/healthz", [])
        self.assertEqual((answer.code, answer.headers["allow"]), (405, "GET, HEAD"))
        answer = self.server.post("/v2/health/live/", [])
        self.assertEqual((answer.code, list(answer.json)), (405, ["error"]))

    def test_one_item_answers_one_object(self):
        for path in self.both("/predict"):
            answer = self.server.post(path, {"item": self.rows[0]})
            self.assertEqual(answer.code, 200)
            self.assertEqual(answer.json["label"], self.labels[0])
            self.assertEqual(len(answer.json["probabilities"]), 10)

    def test_items_and_bare_array_answer_predictions_in_order(self):
        for path in self.both("/predict") + self.both("/batch-predict"):
            for body in ({"items": self.rows[:20]}, self.rows[:20]):
                answer = self.server.post(path, body)
                self.assertEqual(answer.code, 200)
                labels = [one["label"] for one in answer.json["predictions"]]
                self.assertEqual(labels, self.labels[:20])

    def test_an_empty_list_answers_an_empty_list(self):
        for path in ("/predict", "/batch-predict"):
            answer = self.server.post(path, [])
            self.assertEqual((answer.code, answer.json), (200, {"predictions": []}))

    def test_model_is_picked_by_query_or_header(self):
        row = rows_of(os.path.join(GOLDEN, "diabetes", "X_test.npy"))[0]
        want = rows_of(os.path.join(GOLDEN, "diabetes", "mlp_reg.pred.npy"))[0][0]
        for path, headers in (("/predict?model=diabetes", ()),
                              ("/predict/?a=1&model=diabetes&b=2", ()),
                              ("/predict", ("X-Model: diabetes",))):
            answer = self.server.post(path, {"item": row}, headers)
            self.assertEqual(list(answer.json), ["value"])
            self.assertAlmostEqual(answer.json["value"], want, delta=0.01)
        answer = self.server.post("/predict?model=other", {"item": row})
        self.assertEqual((answer.code, answer.json), (404, {"detail": "no model of that name"}))

    def test_absolute_form_is_taken(self):
        self.assertEqual(self.server.ask("GET", "http://test/healthz").code, 200)
        self.assertEqual(self.server.ask("GET", "http://test").json["name"], "mlserve")

    def test_compressed_body_answers_415(self):
        answer = self.server.post("/predict", [], ("Content-Encoding: gzip",))
        self.assertEqual(answer.code, 415)

    def test_an_offer_to_upgrade_is_not_taken(self):
        headers = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AA")
        self.assertEqual(self.server.ask("GET", "/healthz", headers=headers).code, 200)
        self.assertEqual(self.server.post("/predict", [], headers).code, 200)


if __name__ == "__main__":
    serving.main()
