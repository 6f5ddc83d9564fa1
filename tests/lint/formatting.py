# SPDX-License-Identifier: MIT
"""clang-format agrees with every C and C++ file. CLANG_FORMAT names the program (version 14)."""

import os
import re
import subprocess
import sys

from common import CODE_FOLDERS, run, walk, write


def check(root):
    files = walk(root, CODE_FOLDERS + ("tests",), (".c", ".h", ".cpp", ".hpp"))
    done = subprocess.run(
        [os.environ.get("CLANG_FORMAT", "clang-format-14"), "--dry-run", "--style=file", *files],
        cwd=root, text=True, capture_output=True, check=False,
    )
    places = dict.fromkeys(re.findall(r"^(\S+?:\d+):\d+: warning", done.stderr, re.MULTILINE))
    findings = [f"{place}: not as clang-format -i would have it" for place in places]
    if done.returncode != 0 and not findings:
        findings.append(f"clang-format: {done.stderr.strip()}")
    return findings


def crooked(copy):
    write(copy, "lib/base/x.c", "int  x;\n")


BREAKS = (("two blanks where one belongs", crooked, "lib/base/x.c:1"),)

if __name__ == "__main__":
    sys.exit(run(check, BREAKS))
