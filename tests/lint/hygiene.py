# SPDX-License-Identifier: MIT
"""No left-overs: licence lines, no path of someone's machine, nothing put off to later."""

import re
import sys

from common import read, run, walk, write

LICENSED = (".c", ".h", ".cpp", ".hpp", ".py", ".sh", ".cmake", "CMakeLists.txt")
TEXT = LICENSED + (".md", ".json", ".in", ".map", ".txt", ".yml", "run")
# In pieces, so that this file does not find itself.
PUT_OFF = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE_PATH = re.compile(r"(?<![\w.}/])/(wo" r"rk|ro" r"ot|ho" r"me|tmp/w" r"t)/\w")


def check(root):
    findings = []
    for path in walk(root, ("",), TEXT):
        if path.startswith("tests/golden/"):
            continue
        text = read(root, path)
        if path.endswith(LICENSED) and "SPDX-License-Identifier: MIT" not in text[:120]:
            findings.append(f"{path}:1: no SPDX licence line at the top")
        if text and not text.endswith("\n"):
            findings.append(f"{path}: the last line does not end")
        for number, line in enumerate(text.splitlines(), 1):
            if match := PUT_OFF.search(line):
                findings.append(f"{path}:{number}: {match.group()}: do it or drop it")
            if match := MACHINE_PATH.search(line):
                findings.append(f"{path}:{number}: a path of one machine: {match.group()}")
            if line != line.rstrip() and not path.endswith(".md"):
                findings.append(f"{path}:{number}: blanks at the end of the line")
    return findings


def file(name, text):
    return lambda copy: write(copy, name, text)


SPDX = "/* SPDX-License-Identifier: MIT */\n"

BREAKS = (
    ("no licence line", file("lib/base/x.c", "int x;\n"), "no SPDX"),
    ("work put off", file("lib/base/x.c", SPDX + "/* TO" "DO: later */\n"), "do it or drop it"),
    ("a machine's path", file("docs/x.md", "see /ho" "me/me/x\n"), "a path of one machine"),
    ("blanks at a line's end", file("lib/base/x.c", SPDX + "int x; \n"), "blanks at the end"),
    ("an open last line", file("docs/x.md", "text"), "does not end"),
)

if __name__ == "__main__":
    sys.exit(run(check, BREAKS))
