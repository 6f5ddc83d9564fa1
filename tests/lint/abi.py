# SPDX-License-Identifier: MIT
"""The binary interface of the shared library, beside the one that programs were linked with.

abidiff compares the library (built with -g) with pkgconfig/abi/libmlserve.abi. New functions are
fine; a function that is gone, or a type, a member or a parameter that changed, is not. Types that
no public header defines are nobody's business. Until 1.0 the baseline may be renewed in the commit
that changes the interface, with a line in CHANGES.md.

    abi.py ROOT LIBRARY            check
    abi.py --self-test ROOT LIBRARY
    abi.py --write ROOT LIBRARY    renew the baseline
"""

import os
import subprocess
import sys
import tempfile

from common import report, write

BASELINE = "pkgconfig/abi/libmlserve.abi"


def save(root, library, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    subprocess.run(
        ["abidw", "--headers-dir", os.path.join(root, "include"), "--drop-private-types",
         "--exported-interfaces-only", "--no-corpus-path", "--no-show-locs", "--no-comp-dir-path",
         "--type-id-style", "hash", "--out-file", target, library],
        check=True,
    )


def check(root, library):
    with tempfile.TemporaryDirectory() as folder:
        now = os.path.join(folder, "now.abi")
        save(root, library, now)
        done = subprocess.run(
            ["abidiff", "--no-added-syms", os.path.join(root, BASELINE), now],
            text=True, capture_output=True,
        )
    if done.returncode == 0:
        return []
    lines = (done.stdout + done.stderr).splitlines() or [f"abidiff answers {done.returncode}"]
    return [f"{BASELINE}: {line}" for line in lines]


HEADER = """
struct x_options { unsigned long size; int count; %s };
typedef struct x x;
enum x_kind { X_ONE = 1, X_TWO = %s };
"""
CODE = """
#include <x.h>
struct x { int inner; %s };
int ml_x(const struct x_options *options, enum x_kind kind, x *handle%s);
int ml_x(const struct x_options *options, enum x_kind kind, x *handle%s) {
    return options->count + (int)kind + handle->inner%s;
}
%s
"""
GONE = "int ml_other(void);\nint ml_other(void) { return 1; }\n"


def build(folder, member="", two="2", inner="", parameter="", more=GONE):
    write(folder, "include/x.h", HEADER % (member, two))
    used = "+ (int)extra" if parameter else ""
    write(folder, "x.c", CODE % (inner, parameter, parameter, used, more))
    library = os.path.join(folder, "lib.so")
    subprocess.run(
        [os.environ.get("CC", "cc"), "-g", "-shared", "-fPIC", f"-I{folder}/include", "-o", library,
         os.path.join(folder, "x.c")],
        check=True,
    )
    return library


def self_test(root, library):
    failures = check(root, library)
    cases = (
        ("nothing changed", {}, None),
        ("a new function is fine", {"more": GONE + "int ml_new(void) { return 2; }\n"}, None),
        ("what no header defines may change", {"inner": "long more;"}, None),
        ("a struct with another member", {"member": "long more;"}, "x_options"),
        ("another value of an enumerator", {"two": "3"}, "x_kind"),
        ("another parameter", {"parameter": ", long extra"}, "ml_x"),
        ("a function that is gone", {"more": ""}, "ml_other"),
    )
    with tempfile.TemporaryDirectory() as copy:
        save(copy, build(copy), os.path.join(copy, BASELINE))
        for name, change, expected in cases:
            findings = check(copy, build(copy, **change))
            seen = any(expected in line for line in findings) if expected else not findings
            print(f"{'seen' if seen else 'NOT SEEN'}: {name}")
            if not seen:
                failures.append(f"not seen: {name}; findings: {findings[:5]}")
    return report(failures)


def main():
    root, library = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if "--write" in sys.argv:
        save(root, library, os.path.join(root, BASELINE))
        return 0
    if "--self-test" in sys.argv:
        return self_test(root, library)
    return report(check(root, library))


if __name__ == "__main__":
    sys.exit(main())
