# SPDX-License-Identifier: MIT
"""What the checks share: a list of sources, C text without comments, and the self-test.

A check is a script with a function check(root) that answers a list of findings, one line each,
"file:line: what is wrong". Run as `script.py ROOT` it prints them and fails if there is any; run
as `script.py --self-test ROOT` it breaks each of its rules in a copy of the tree and fails unless
the check sees it.
"""

import os
import re
import shutil
import sys
import tempfile

CODE_FOLDERS = ("lib", "include", "server", "bench", "examples")
SKIPPED = {".git", "build", "node_modules", "__pycache__"}


def walk(root, folders=("",), endings=("",)):
    """Paths from root of all files with these endings in these folders, in order."""
    found = []
    for folder in folders:
        for place, names, files in os.walk(os.path.join(root, folder)):
            names[:] = [n for n in names if n not in SKIPPED and not n.startswith("build-")]
            found += [
                os.path.relpath(os.path.join(place, file), root)
                for file in files
                if file.endswith(endings)
            ]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def write(root, path, text):
    os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
    with open(os.path.join(root, path), "w", encoding="utf-8") as file:
        file.write(text)


TOKEN = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL
)


def blank(text, keep_strings=False):
    """C text with comments and strings (not their newlines) made into spaces."""

    def spaces(match):
        piece = match.group(0)
        if piece[0] in "\"'" and (keep_strings or len(piece) < 2):
            return piece
        return re.sub(r"[^\n]", " ", piece)

    return TOKEN.sub(spaces, text)


def line_of(text, place):
    return text.count("\n", 0, place) + 1


def report(findings):
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def self_test(root, check, breaks):
    """breaks: (name, change(copy), text that a finding must hold)."""
    failures = [f"the tree itself: {finding}" for finding in check(root)]
    for name, change, expected in breaks:
        with tempfile.TemporaryDirectory() as copy:
            for folder in CODE_FOLDERS + ("pkgconfig", "docs"):
                source = os.path.join(root, folder)
                if os.path.isdir(source):
                    shutil.copytree(source, os.path.join(copy, folder))
            for file in ("README.md", ".clang-format"):
                if os.path.exists(os.path.join(root, file)):
                    shutil.copy(os.path.join(root, file), copy)
            change(copy)
            findings = check(copy)
            seen = any(expected in finding for finding in findings)
            print(f"{'seen' if seen else 'NOT SEEN'}: {name}")
            if not seen:
                failures.append(f"not seen: {name}; findings: {findings[:5]}")
    return report(failures)


def run(check, breaks):
    """The main function of a check."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--self-test"]
    root = arguments[0] if arguments else "."
    if "--self-test" in sys.argv:
        return self_test(root, check, breaks)
    return report(check(root))
