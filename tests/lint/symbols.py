# SPDX-License-Identifier: MIT
"""What the shared library gives and takes.

It exports exactly the functions of pkgconfig/symbols.txt, which are those that the public headers
declare. It calls nothing that prints to the standard streams, ends the process, starts another,
or changes the locale: those belong to the program. (__stack_chk_fail and the *_chk functions of
fortified builds are the compiler's.)

    symbols.py ROOT LIBRARY            check
    symbols.py --self-test ROOT LIBRARY
    symbols.py --write ROOT LIBRARY    renew the list
"""

import os
import re
import subprocess
import sys
import tempfile

from common import blank, read, report, walk, write

LIST = "pkgconfig/symbols.txt"
FORBIDDEN = re.compile(
    r"^_*(printf|vprintf|puts|putchar|fputs|fputc|putc|fprintf|vfprintf|fwrite|perror|psignal"
    r"|printf_chk|vprintf_chk|fprintf_chk|vfprintf_chk|stdout|stderr|stdin|getchar|scanf"
    r"|exit|_exit|_Exit|quick_exit|abort|atexit|at_quick_exit|assert_fail|assert_perror_fail"
    r"|system|popen|fork|vfork|posix_spawnp?|exec\w+|dlopen|kill|raise|signal|sigaction"
    r"|setlocale|setenv|putenv|unsetenv|chdir|umask|longjmp|siglongjmp|longjmp_chk|setjmp"
    r"|openblas_set_num_threads|cJSON_InitHooks"
    r"|strcpy|strcat|sprintf|vsprintf|gets|rand|srand|strtok|alloca)$"
)


def names(library, *options):
    done = subprocess.run(
        ["nm", "-D", "-P", *options, library], text=True, capture_output=True, check=True
    )
    return [line.split()[0].split("@")[0] for line in done.stdout.splitlines() if line.strip()]


def declared(root):
    found = set()
    for path in walk(root, ("include",), (".h",)):
        code = re.sub(r"^\s*#.*$", "", blank(read(root, path)), flags=re.MULTILINE)
        for declaration in re.findall(r"\bML_API\b([^;{]*);", code):
            match = re.search(r"\b(ml_\w+)\s*\(", declaration)
            if match is not None:
                found.add(match.group(1))
    return found


def check(root, library):
    findings = []
    listed = read(root, LIST).split()
    exported = {name for name in names(library, "--defined-only") if name != "MLSERVE_0"}
    if listed != sorted(set(listed)):
        findings.append(f"{LIST}:1: not in order")
    for name in sorted(exported - set(listed)):
        findings.append(f"{library}: exports {name}, which is not in {LIST}")
    for name in sorted(set(listed) - exported):
        findings.append(f"{LIST}: {name} is not exported")
    for name in sorted(exported - declared(root)):
        findings.append(f"{library}: exports {name}, which no public header declares")
    for name in sorted(declared(root) - exported):
        findings.append(f"include/: {name} is declared, but not exported")
    for name in names(library, "--undefined-only"):
        if FORBIDDEN.match(name):
            findings.append(f"{library}: calls {name}")
    return findings


def build(folder, code):
    library = os.path.join(folder, "lib.so")
    subprocess.run(
        [os.environ.get("CC", "cc"), "-x", "c", "-shared", "-fPIC", "-o", library, "-"],
        input=code, text=True, check=True,
    )
    return library


def self_test(root, library):
    failures = check(root, library)
    with tempfile.TemporaryDirectory() as copy:
        write(copy, "include/mlserve/x.h", "#define ML_API\nML_API int\nml_x(void);\n")
        write(copy, LIST, "ml_x\n")
        good = "int ml_x(void) { return 1; }\n"
        cases = (
            ("all well", good, "ml_x\n", None),
            ("an export that is not listed", good + "void ml_y(void) {}\n", "ml_x\n",
             "not in pkgconfig/symbols.txt"),
            ("an export that no header declares", good + "void ml_y(void) {}\n", "ml_x\nml_y\n",
             "no public header declares"),
            ("a listed function that is gone", "int z;\n", "ml_x\n", "ml_x is not exported"),
            ("a declared function that is gone", "int z;\n", "ml_x\n", "declared, but not exported"),
            ("a library that prints", "#include <stdio.h>\nint ml_x(void) { return puts(\"\"); }\n",
             "ml_x\n", "calls puts"),
            ("a library that exits", "#include <stdlib.h>\nint ml_x(void) { exit(1); }\n",
             "ml_x\n", "calls exit"),
            ("a library that asserts",
             "#include <assert.h>\nint ml_x(int a) { assert(a); return a; }\n", "ml_x\n",
             "calls __assert_fail"),
        )
        for name, code, listed, expected in cases:
            write(copy, LIST, listed)
            findings = check(copy, build(copy, code))
            seen = findings and any(expected in f for f in findings) if expected else not findings
            print(f"{'seen' if seen else 'NOT SEEN'}: {name}")
            if not seen:
                failures.append(f"not seen: {name}; findings: {findings[:5]}")
    return report(failures)


def main():
    root, library = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if "--write" in sys.argv:
        exported = sorted(set(names(library, "--defined-only")) - {"MLSERVE_0"})
        write(root, LIST, "\n".join(exported) + "\n")
        return 0
    if "--self-test" in sys.argv:
        return self_test(root, library)
    return report(check(root, library))


if __name__ == "__main__":
    sys.exit(main())
