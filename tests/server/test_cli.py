# SPDX-License-Identifier: MIT
"""The command line: predict gives the fixtures' numbers, and says what is wrong where it is."""

import json
import math
import os
import pty
import signal
import struct
import subprocess
import tempfile
import time
import unittest

import serving
from serving import GOLDEN, read_npy, rows_of

# Models of later parts.
NOT_YET = {"digits/cnn.onnx", "digits/logreg_ml.onnx"}


def run(*words):
    return subprocess.run([serving.PROGRAM, *words], capture_output=True, text=True, timeout=60)


def golden(path):
    return os.path.join(GOLDEN, path)


def write_npy(path, values, width, kind="f4"):
    shape = f"({len(values) // width}, {width})"
    header = f"{{'descr': '<{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack(f"<{len(values)}{'f' if kind == 'f4' else 'd'}", *values))


class Predict(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def check(self, output, want_path, atol, rtol):
        shape, got = read_npy(output)
        want_shape, want = read_npy(want_path)
        self.assertEqual(len(got), len(want))
        if len(want_shape) == 2:
            self.assertEqual(shape, want_shape)
        for a, b in zip(got, want):
            self.assertTrue(abs(a - b) <= atol + rtol * abs(b), (a, b))

    def test_every_fixture_is_reproduced(self):
        with open(golden("manifest.json")) as file:
            fixtures = json.load(file)["fixtures"]
        tried = 0
        for fixture in fixtures:
            for model in fixture["models"]:
                for output in fixture["outputs"]:
                    if model in NOT_YET:
                        continue
                    tried += 1
                    with self.subTest(model=model, output=output["name"]):
                        target = self.path("out.npy")
                        result = run("predict", "--model", golden(model), "--input",
                                     golden(fixture["X"]), "--output", target,
                                     "--output-name", output["name"])
                        self.assertEqual((result.returncode, result.stderr), (0, ""))
                        self.check(target, golden(output["file"]), output["atol"],
                                   output["rtol"])
        self.assertGreaterEqual(tried, 15)

    def test_the_number_of_threads_changes_no_bit(self):
        answers = []
        for threads in ("1", "2", "3"):
            target = self.path(f"out{threads}.npy")
            run("predict", "--model", serving.DIGITS, "--input", golden("digits/X_test.npy"),
                "--output", target, "--threads", threads)
            with open(target, "rb") as file:
                answers.append(file.read())
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0], answers[2])

    def test_csv_and_npy_give_the_same(self):
        rows = rows_of(golden("digits/X_test.npy"))
        with open(self.path("x.csv"), "w") as file:
            file.write(",".join(f"p{i}" for i in range(64)) + "\n")
            for row in rows:
                file.write(",".join(repr(value) for value in row) + "\n")
        write_npy(self.path("x64.npy"), [value for row in rows for value in row], 64, "f8")
        outputs = []
        for source in (golden("digits/X_test.npy"), self.path("x.csv"), self.path("x64.npy")):
            result = run("predict", "--model", serving.DIGITS, "--input", source)
            self.assertEqual(result.returncode, 0, result.stderr)
            outputs.append(result.stdout)
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual(outputs[0], outputs[2])
        lines = outputs[0].splitlines()
        self.assertEqual((len(lines), len(lines[1].split(","))), (361, 10))

    def test_a_file_longer_than_a_chunk_goes_through(self):
        rows = rows_of(golden("digits/X_test.npy"))
        many = [value for row in rows for value in row] * 40
        write_npy(self.path("many.npy"), many, 64)
        result = run("predict", "--model", serving.DIGITS, "--input", self.path("many.npy"),
                     "--output", self.path("out.npy"), "--output-name", "label")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        shape, labels = read_npy(self.path("out.npy"))
        want = read_npy(golden("digits/mlp.label.npy"))[1]
        self.assertEqual(shape, (14400,))
        self.assertEqual(list(labels), list(want) * 40)

    def test_output_goes_to_csv_where_the_name_says_so(self):
        run("predict", "--model", serving.DIABETES, "--input", golden("diabetes/X_test.npy"),
            "--output", self.path("out.csv"))
        with open(self.path("out.csv")) as file:
            lines = file.read().splitlines()
        want = read_npy(golden("diabetes/mlp_reg.pred.npy"))[1]
        self.assertEqual(len(lines), 1 + len(want))
        self.assertAlmostEqual(float(lines[1]), want[0], delta=0.01)

    def test_a_bad_row_is_named_and_no_file_is_left(self):
        values = [value for row in rows_of(golden("digits/X_test.npy")) for value in row]
        values[17 * 64 + 5] = math.nan
        write_npy(self.path("bad.npy"), values, 64)
        result = run("predict", "--model", serving.DIGITS, "--input", self.path("bad.npy"),
                     "--output", self.path("out.npy"))
        self.assertEqual(result.returncode, 1)
        self.assertIn("bad.npy: row 17 (from 0): feature 5", result.stderr)
        self.assertEqual(os.listdir(self.folder), ["bad.npy"])

    def test_a_broken_line_of_csv_is_named_and_no_file_is_left(self):
        with open(self.path("x.csv"), "w") as file:
            file.write(",".join(f"p{i}" for i in range(64)) + "\n" + ",".join(["0"] * 64) +
                       "\n" + ",".join(["zero"] * 64) + "\n")
        result = run("predict", "--model", serving.DIGITS, "--input", self.path("x.csv"),
                     "--output", self.path("out.csv"))
        self.assertEqual(result.returncode, 1)
        self.assertIn("x.csv", result.stderr)
        self.assertIn("line 3", result.stderr)
        self.assertEqual(os.listdir(self.folder), ["x.csv"])

    def test_what_cannot_be_done_says_why(self):
        rows = golden("digits/X_test.npy")
        write_npy(self.path("narrow.npy"), [0.0] * 63, 63)
        for words, text in (
            (("--model", "/no/such.onnx", "--input", rows), "/no/such.onnx"),
            (("--model", serving.DIGITS, "--input", "/no/such.npy"), "/no/such.npy"),
            (("--model", rows, "--input", rows), "X_test.npy"),
            (("--model", serving.DIGITS, "--input", serving.DIGITS), "mlp.onnx"),
            (("--model", serving.DIGITS, "--input", self.path("narrow.npy")),
             "63 columns; the model takes 64"),
            (("--model", serving.DIGITS, "--input", rows, "--output-name", "nope"), "nope"),
            (("--model", serving.DIGITS, "--input", rows, "--output", "/no/folder/x.npy"),
             "/no/folder/x.npy"),
        ):
            result = run("predict", *words)
            self.assertEqual(result.returncode, 1, words)
            self.assertIn(text, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_no_progress_is_drawn_where_stderr_is_no_terminal(self):
        result = run("predict", "--model", serving.DIGITS, "--input", golden("digits/X_test.npy"))
        self.assertEqual(result.stderr, "")

    def test_a_bar_is_drawn_on_a_terminal_after_a_second(self):
        rows = [value for row in rows_of(golden("digits/X_test.npy")) for value in row]
        write_npy(self.path("many.npy"), rows * 200, 64)
        words = [serving.PROGRAM, "predict", "--model", golden("digits/mlp_wide.onnx"), "--input",
                 self.path("many.npy"), "--output", self.path("out.npy"), "--threads", "1"]
        terminal, side = pty.openpty()
        process = subprocess.Popen(words, stderr=side)
        os.close(side)
        # Its output appears when the work begins: make that moment last for more than a second.
        self.assertTrue(serving.wait_until(lambda: len(os.listdir(self.folder)) > 1))
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.2)
        process.send_signal(signal.SIGCONT)
        drawn = b""
        try:
            while data := os.read(terminal, 4096):
                drawn += data
        except OSError:
            pass  # what Linux answers when the other side was closed
        os.close(terminal)
        self.assertEqual(process.wait(30), 0)
        self.assertRegex(drawn, rb"^\r\[#* *\] \d+ of 72000 rows")


class Inspect(unittest.TestCase):
    def test_it_shows_kind_ports_size_and_parameters(self):
        result = run("inspect", serving.DIGITS)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        size = os.path.getsize(serving.DIGITS)
        for text in ("onnx", f"{size} bytes", "[rows, 64]", "[rows, 10]", "classifier",
                     "parameters:"):
            self.assertIn(text, result.stdout)

    def test_json_says_the_same(self):
        told = json.loads(run("inspect", "--json", serving.DIGITS).stdout)
        self.assertEqual((told["kind"], told["task"]), ("onnx", "classifier"))
        self.assertEqual(told["size"], os.path.getsize(serving.DIGITS))
        self.assertEqual(told["inputs"][0]["shape"], [-1, 64])
        self.assertEqual(told["inputs"][0]["datatype"], "FP32")
        self.assertGreater(told["parameters"], 640)

    def test_a_file_that_is_no_model_is_refused(self):
        result = run("inspect", golden("digits/X_test.npy"))
        self.assertEqual(result.returncode, 1)
        self.assertIn("X_test.npy", result.stderr)


class Words(unittest.TestCase):
    def test_help_fits_a_screen(self):
        for words in ((), ("predict",), ("inspect",), ("serve",)):
            result = run(*words, "--help")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            lines = result.stdout.splitlines()
            self.assertLessEqual(len(lines), 24)
            self.assertLessEqual(max(len(line) for line in lines), 100)

    def test_version(self):
        self.assertRegex(run("--version").stdout, r"^mlserve \d+\.\d+\.\d+\n$")

    def test_a_misspelt_word_is_told_with_the_nearest(self):
        for words, text in ((("predcit",), "did you mean predict?"),
                            (("predict", "--imput", "x"), "did you mean --input?"),
                            (("serve", "--model=a=b", "--listn", "x"), "did you mean --listen?"),
                            (("inspect", "--jsn", "x"), "did you mean --json?"),
                            (("predict", "--xyzzyxyzzy"), "unknown option --xyzzyxyzzy")):
            result = run(*words)
            self.assertEqual(result.returncode, 2)
            self.assertIn(text, result.stderr)

    def test_a_missing_or_odd_value_is_told(self):
        for words, text in ((("predict", "--model"), "--model needs a value"),
                            (("predict", "--model", "x"), "--input is missing"),
                            (("predict", "--model", "x", "--input", "y", "--output", "o.txt"),
                             "ends in .npy or .csv"),
                            (("predict", "--threads", "many"), "'many'"),
                            (("predict", "--threads=0"), "'0'"),
                            (("inspect", "--json=yes", "x"), "--json takes no value"),
                            (("inspect",), "which FILE?"),
                            (("inspect", "a", "b"), "b"),
                            (("predict", "x"), "x")):
            result = run(*words)
            self.assertEqual(result.returncode, 2, words)
            self.assertIn(text, result.stderr)


if __name__ == "__main__":
    serving.main()
