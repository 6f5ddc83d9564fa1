# SPDX-License-Identifier: MIT
"""Public headers keep their contract.

Every ML_API function stands under a comment with the four lines Threads, Blocks, Allocates and
Errors, in this order; one comment may cover declarations that follow each other. Every status
that its Errors line names is in the list of statuses. Each header opens with its licence, and compiles
alone as C11 and as C++17 without a warning. CC and CXX name the compilers.
"""

import os
import re
import subprocess
import sys

from common import read, run, walk, write

LINES = ("Threads:", "Blocks:", "Allocates:", "Errors:")
LICENCE = "/* SPDX-License-Identifier: MIT */\n"
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only")


def paragraphs(text):
    """(line, text) of what blank lines part."""
    line = 1
    for piece in re.split(r"(\n(?:[ \t]*\n)+)", text):
        if piece.strip():
            yield line, piece
        line += piece.count("\n")


def check_contracts(path, text, statuses, findings):
    for line, piece in paragraphs(text):
        if not re.search(r"^ML_API\b", piece, re.MULTILINE):
            continue
        comment, _, rest = piece.partition("*/")
        if not comment.startswith("/*"):
            findings.append(f"{path}:{line}: an ML_API function without a comment before it")
            continue
        places = [
            (match.start() if (match := re.search(rf"^ \* {word}", comment, re.MULTILINE)) else -1)
            for word in LINES
        ]
        for word, place in zip(LINES, places):
            if place < 0:
                findings.append(f"{path}:{line}: the contract has no line '{word}'")
        if sorted(places) != places:
            findings.append(f"{path}:{line}: the contract's lines are not in order")
        for name in re.findall(r"\bML_E[A-Z]+\b", comment.partition("Errors:")[2]):
            if name not in statuses:
                findings.append(f"{path}:{line}: {name} is no status")
        code = re.sub(r"/\*.*?\*/", "", rest, flags=re.DOTALL)
        for declaration in code.split(";"):
            if declaration.strip() and not declaration.strip().startswith("ML_API"):
                findings.append(f"{path}:{line}: between functions: {declaration.strip()[:60]}")


compiled = {}


def compile_alone(root, path, text):
    """What is wrong, a line a language; asked once a text, for the self-test has many copies."""
    if (path, text) in compiled:
        return compiled[path, text]
    wrong = compiled[path, text] = []
    ways = [(os.environ.get("CXX", "c++"), "c++", "-std=c++17")]
    if path.endswith(".h"):
        ways.append((os.environ.get("CC", "cc"), "c", "-std=c11"))
    for compiler, language, standard in ways:
        name = os.path.relpath(path, "include")
        done = subprocess.run(
            [compiler, "-x", language, standard, *WARNINGS, "-I", os.path.join(root, "include"), "-"],
            input=f"#include <{name}>\n", text=True, capture_output=True, check=False,
        )
        if done.returncode != 0:
            lines = [text for text in done.stderr.splitlines() if "error" in text]
            wrong.append(f"{path}:1: does not compile alone with {standard}: {lines[:2]}")
    return wrong


def check(root):
    findings = []
    statuses = set(re.findall(r"\bX\((ML_\w+),", read(root, "include/mlserve/status.h")))
    for path in walk(root, ("include",), (".h", ".hpp")):
        text = read(root, path)
        if not text.startswith(LICENCE):
            findings.append(f"{path}:1: the first line is not {LICENCE.strip()}")
        if path.endswith(".h"):
            check_contracts(path, text, statuses, findings)
        findings += compile_alone(root, path, text)
    return findings


CONTRACT = """/*
 * Do it.
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    {errors}.
 */
{code}"""


def header(body):
    def change(copy):
        text = f"{LICENCE}#ifndef X_H\n#define X_H\n#include <mlserve/base.h>\n\n{body}\n\n#endif\n"
        write(copy, "include/mlserve/x.h", text)

    return change


def contract(code, errors="none"):
    return CONTRACT.format(code=code, errors=errors)


def without(word):
    lines = contract("ML_API void ml_x(void);").splitlines()
    return "\n".join(line for line in lines if word not in line)


def unlicensed(copy):
    write(copy, "include/mlserve/x.h", "#include <mlserve/base.h>\n")


def swapped(copy):
    body = contract("ML_API void ml_x(void);")
    body = body.replace("Threads:  ", "Swap:").replace("Blocks:   ", "Threads:  ")
    header(body.replace("Swap:", "Blocks:   "))(copy)


BREAKS = (
    ("no licence line", unlicensed, "the first line is not"),
    ("a function without a comment", header("ML_API void ml_x(void);"), "without a comment"),
    *(
        (f"a contract without {word}", header(without(word)), f"has no line '{word}'")
        for word in LINES
    ),
    ("a contract out of order", swapped, "not in order"),
    ("a status that is none", header(contract("ML_API void ml_x(void);", "ML_EFOO")), "no status"),
    ("a type among functions", header(contract("ML_API void ml_x(void);\nstruct x;")), "between"),
    ("a header that needs another", header("extern FILE *x;"), "does not compile alone"),
    ("a header that is not C++", header("extern int class;"), "with -std=c++17"),
    ("a header that is not C11", header("extern int x[0];\ninline int y(void) { return z; }"),
     "with -std=c11"),
)

if __name__ == "__main__":
    sys.exit(run(check, BREAKS))
