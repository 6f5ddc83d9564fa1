# SPDX-License-Identifier: MIT
"""What the documents show works.

In README.md and docs/, every fenced block of c or cpp with a main() is built against the
library, run from the top of the tree, and must exit with 0; every other one is compiled as the
inside of a function. Scripts that an sh block runs with `sh`, and files that a link names, exist.

    docs.py ROOT LIBRARY_FOLDER
    docs.py --self-test ROOT LIBRARY_FOLDER
"""

import os
import re
import subprocess
import sys
import tempfile

from common import read, report, walk, write

FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
SCRIPT = re.compile(r"^(?:sh|bash) (\S+)", re.MULTILINE)
WAYS = {
    "c": ("CC", "cc", "c", "-std=c11"),
    "cpp": ("CXX", "c++", "c++", "-std=c++17"),
}


def documents(root):
    found = walk(root, ("docs", "lib", "bench", "server", "examples", "tests"), (".md",))
    return [name for name in os.listdir(root) if name.endswith(".md")] + [
        path for path in found if not path.startswith("tests/golden/")
    ]


def compiled(root, language, code, arguments):
    variable, compiler, name, standard = WAYS[language]
    return subprocess.run(
        [os.environ.get(variable, compiler), "-x", name, standard, "-D_GNU_SOURCE", "-Wall",
         "-Wextra", "-Werror", "-I", os.path.join(root, "include"), "-", *arguments],
        input=code, text=True, capture_output=True, check=False,
    )


def first_error(text):
    lines = [line for line in text.splitlines() if "error" in line or "undefined" in line]
    return (lines or text.splitlines() or ["no message"])[0]


def check_code(root, place, language, code, libraries):
    if "main(" not in code:
        code = f"#include <mlserve.h>\nvoid snippet(void);\nvoid snippet(void) {{\n{code}\n}}\n"
        done = compiled(root, language, code, ["-fsyntax-only", "-Wno-unused-variable"])
        return [] if done.returncode == 0 else [f"{place}: {first_error(done.stderr)}"]
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "program")
        done = compiled(root, language, code, [
            "-o", program, "-x", "none", "-L", libraries, "-lmlserve", f"-Wl,-rpath,{libraries}",
        ])
        if done.returncode != 0:
            return [f"{place}: {first_error(done.stderr)}"]
        done = subprocess.run([program], cwd=root, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            return [f"{place}: the program exits with {done.returncode}: {done.stderr.strip()}"]
    return []


def check(root, libraries):
    findings = []
    for path in documents(root):
        text = read(root, path)
        for match in FENCE.finditer(text):
            language, code = match.groups()
            place = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
            if language in WAYS:
                findings += check_code(root, place, language, code, os.path.abspath(libraries))
            for script in SCRIPT.findall(code) if language == "sh" else ():
                if not os.path.exists(os.path.join(root, script)):
                    findings.append(f"{place}: there is no {script}")
        for match in LINK.finditer(FENCE.sub("", text)):
            if not os.path.exists(os.path.join(root, os.path.dirname(path), match.group(1))):
                findings.append(f"{path}: a link to {match.group(1)}, which is not there")
    return findings


def self_test(root, libraries):
    failures = check(root, libraries)
    include = os.path.abspath(os.path.join(root, "include"))
    good = "```c\n#include <mlserve.h>\nint main(void) { return ml_version() == NULL; }\n```\n"
    cases = (
        ("all well", good + "```c\nml_error err = ML_ERROR_INIT;\n(void)err;\n```\n", None),
        ("a program that does not compile", good.replace("ml_version", "ml_vers"), "README.md:1"),
        ("a program that fails", good.replace("==", "!="), "exits with 1"),
        ("a snippet that does not compile", "```c\nml_error err = 1;\n```\n", "README.md:1"),
        ("C++ that does not compile", "```cpp\nint class;\n```\n", "README.md:1"),
        ("a script that is not there", "```sh\nsh no/such.sh\n```\n", "there is no no/such.sh"),
        ("a link to nothing", "[x](no/such.md)\n", "which is not there"),
    )
    for name, text, expected in cases:
        with tempfile.TemporaryDirectory() as copy:
            os.symlink(include, os.path.join(copy, "include"))
            write(copy, "README.md", text)
            findings = check(copy, libraries)
        seen = any(expected in f for f in findings) if expected else not findings
        print(f"{'seen' if seen else 'NOT SEEN'}: {name}")
        if not seen:
            failures.append(f"not seen: {name}; findings: {findings[:5]}")
    return report(failures)


def main():
    root, libraries = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    return self_test(root, libraries) if "--self-test" in sys.argv else report(check(root, libraries))


if __name__ == "__main__":
    sys.exit(main())
