# SPDX-License-Identifier: MIT
"""Good rows, bad rows, and bodies that are none: what each answers."""

import json
import os
import unittest

import serving
from serving import Server, rows_of, GOLDEN


class Rows(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().__enter__()
        cls.rows = rows_of(os.path.join(GOLDEN, "digits", "X_test.npy"))
        cls.labels = [row[0] for row in rows_of(os.path.join(GOLDEN, "digits", "mlp.label.npy"))]

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None)

    def test_a_hundred_items_with_bad_ones_answer_in_order(self):
        items = [json.dumps(row) for row in self.rows[:100]]
        items[7] = json.dumps([None] + self.rows[7][1:])
        items[20] = items[20].replace("[", "[1e999, ", 1).rsplit(",", 1)[0] + "]"
        items[33] = "[1, 2, 3]"
        items[60] = items[59]
        items[61] = items[59]
        body = '{"items": [' + ", ".join(items) + "]}"
        for path in ("/batch-predict", "/batch-predict/"):
            answer = self.server.post(path, body)
            self.assertEqual(answer.code, 200)
            predictions = answer.json["predictions"]
            self.assertEqual(len(predictions), 100)
            for i, one in enumerate(predictions):
                if i in (7, 20, 33):
                    self.assertEqual((list(one), one["error"]["row"]), (["error"], i))
                elif i not in (60, 61):
                    self.assertEqual(one["label"], self.labels[i])
            self.assertIn("feature 0", predictions[7]["error"]["message"])
            self.assertEqual(predictions[60], predictions[59])
            self.assertEqual(predictions[61], predictions[59])

    def test_predict_refuses_bad_rows_with_the_list_of_all(self):
        items = [list(row) for row in self.rows[:8]]
        items[3][5] = None
        items[6] = [1, 2]
        answer = self.server.post("/predict", {"items": items})
        self.assertEqual(answer.code, 422)
        detail = answer.json["detail"]
        self.assertEqual([one["loc"] for one in detail], [["body", "items", 3, 5],
                                                          ["body", "items", 6, 2]])
        self.assertEqual([one["type"] for one in detail], ["value", "shape"])
        self.assertIn("feature 5", detail[0]["msg"])
        answer = self.server.post("/predict", items)
        self.assertEqual(answer.json["detail"][0]["loc"], ["body", 3, 5])
        answer = self.server.post("/predict", {"item": items[3]})
        self.assertEqual(answer.json["detail"][0]["loc"], ["body", "item", 5])

    def test_the_list_of_bad_rows_ends_at_a_hundred(self):
        answer = self.server.post("/predict", [[0] * 63] * 1000)
        self.assertEqual((answer.code, len(answer.json["detail"])), (422, 100))

    def test_wrong_type_of_an_item_fails_that_item(self):
        items = [self.rows[0], "text", {"a": 1}, 5, None, True, self.rows[1]]
        predictions = self.server.post("/batch-predict", items).json["predictions"]
        self.assertEqual(["error" in one for one in predictions],
                         [False, True, True, True, True, True, False])

    def test_what_is_not_json_answers_400_with_the_place(self):
        for body, place in (("[NaN]", 1), ("", 0), ("{", 1), ("[[1,2,]]", 6), ("[] x", 3),
                            ('{"items": [1e]}', None), ("[[1,2", 5), ("\ufeff[]", None),
                            ("[Infinity]", 1), ("[[01]]", None)):
            for path in ("/predict", "/batch-predict"):
                answer = self.server.post(path, body)
                self.assertEqual(answer.code, 400, body)
                self.assertRegex(answer.json["detail"], r"^malformed JSON at byte \d+: ")
                if place is not None:
                    self.assertIn(f"at byte {place}: ", answer.json["detail"], body)

    def test_a_body_of_another_shape_answers_422(self):
        for body in ('{"rows": []}', "5", '"text"', "null", '{"items": 5}', "{}"):
            for path in ("/predict", "/batch-predict"):
                answer = self.server.post(path, body)
                self.assertEqual(answer.code, 422, body)
                detail = answer.json["detail"]
                self.assertEqual(detail[0]["loc"][0], "body")
                self.assertEqual(sorted(detail[0]), ["loc", "msg", "type"])

    def test_batch_predict_takes_lists_only(self):
        answer = self.server.post("/batch-predict", {"item": self.rows[0]})
        self.assertEqual((answer.code, answer.json["detail"][0]["loc"]), (422, ["body"]))

    def test_more_rows_than_a_body_may_have_answer_413(self):
        row = json.dumps([0] * 10)
        for count, code in ((65536, 200), (65537, 413)):
            answer = self.server.post("/batch-predict?model=diabetes",
                                      "[" + ",".join([row] * count) + "]")
            self.assertEqual(answer.code, code)

    def test_too_deep_a_body_answers_413(self):
        self.assertEqual(self.server.post("/predict", "[" * 100 + "]" * 100).code, 413)

    def test_a_bad_body_leaves_its_neighbours_of_the_turn_alone(self):
        good = serving.request("POST", "/predict", json.dumps([self.rows[0]]))
        bad = serving.request("POST", "/predict", "[" + json.dumps(self.rows[1]) + ", NaN]")
        with self.server.connect() as connection:
            connection.send(good + bad + good)
            codes = [connection.answer() for _ in range(3)]
        self.assertEqual([one.code for one in codes], [200, 400, 200])
        self.assertEqual(codes[0].body, codes[2].body)

    def test_probabilities_read_back_as_the_same_floats(self):
        shape, want = serving.read_npy(os.path.join(GOLDEN, "digits", "mlp.proba.npy"))
        predictions = self.server.post("/predict", self.rows).json["predictions"]
        for i, one in enumerate(predictions):
            for k, value in enumerate(one["probabilities"]):
                self.assertAlmostEqual(value, want[i * shape[1] + k], delta=1e-4)


if __name__ == "__main__":
    serving.main()
