# SPDX-License-Identifier: MIT
"""Files fit in 500 lines, functions in 70 lines, 4 levels and 7 parameters."""

import re
import sys

from common import blank, line_of, read, run, walk, write

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 70
MAX_NESTING = 4
MAX_PARAMETERS = 7

CONTROL = {"if", "for", "while", "switch"}


def without_directives(text):
    """Preprocessor lines, and those that a backslash joins to them, made empty."""
    lines, joined = [], False
    for line in text.split("\n"):
        directive = joined or line.lstrip().startswith("#")
        joined = directive and line.rstrip().endswith("\\")
        lines.append("" if directive else line)
    return "\n".join(lines)


def opening(text, close):
    """The place of the parenthesis that text[close] closes."""
    depth = 0
    for place in range(close, -1, -1):
        depth += {")": 1, "(": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return 0


def word_before(text, place):
    match = re.search(r"(\w+)\s*$", text[max(0, place - 80):place])
    return match.group(1) if match else ""


def is_block(text, place):
    """Whether the brace at this place, inside a function, opens statements and no data."""
    before = text[:place].rstrip()
    if before.endswith(")"):
        return word_before(before, opening(before, len(before) - 1)) in CONTROL
    return word_before(before, len(before)) in {"else", "do"} or before[-1:] in {"{", "}", ";", ":"}


def parameters(text, place):
    """The number of parameters of the function whose body opens at this place; the head's start."""
    close = text.rindex(")", 0, place)
    start = opening(text, close)
    head = max(text.rfind(mark, 0, start) for mark in ";}{") + 1
    head += len(text[head:]) - len(text[head:].lstrip())
    inside, depth, commas = text[start + 1:close], 0, 0
    for letter in inside:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(letter, 0)
        commas += letter == "," and depth == 0
    return (0 if inside.strip() in {"", "void"} else commas + 1), head


def functions(text):
    """(line, lines, nesting, parameters) of each function."""
    stack, depth_in_function, deepest = [], 0, 0
    for match in re.finditer(r"[{}]", text):
        place = match.start()
        if match.group() == "{":
            inside = any(kind == "function" for kind, _ in stack)
            if inside:
                data = stack[-1][0] == "data" or not is_block(text, place)
                stack.append(("data" if data else "block", place))
                depth_in_function += not data
                deepest = max(deepest, depth_in_function)
            else:
                function = re.search(r"\)\s*$", text[max(0, place - 80):place]) is not None
                stack.append(("function" if function else "other", place))
                depth_in_function = deepest = 0
        elif stack:
            kind, start = stack.pop()
            depth_in_function -= kind == "block"
            if kind == "function":
                count, head = parameters(text, start)
                first = line_of(text, head)
                yield first, line_of(text, place) - first + 1, deepest, count


def check(root):
    findings = []
    for path in walk(root, ("lib", "include", "server", "bench", "examples"),
                     (".c", ".h", ".cpp", ".hpp")):
        whole = read(root, path)
        if whole.count("\n") > MAX_FILE_LINES:
            findings.append(f"{path}:1: {whole.count(chr(10))} lines, at most {MAX_FILE_LINES}")
        if path.endswith("pp"):
            continue
        for line, lines, nesting, count in functions(without_directives(blank(whole))):
            if lines > MAX_FUNCTION_LINES:
                findings.append(
                    f"{path}:{line}: a function of {lines} lines, at most {MAX_FUNCTION_LINES}"
                )
            if nesting > MAX_NESTING:
                findings.append(f"{path}:{line}: {nesting} levels deep, at most {MAX_NESTING}")
            if count > MAX_PARAMETERS:
                findings.append(f"{path}:{line}: {count} parameters, at most {MAX_PARAMETERS}")
    return findings


def source(text):
    return lambda copy: write(copy, "lib/base/big.c", text)


def body(lines):
    return "int f(int a) {\n" + "    a++;\n" * (lines - 3) + "    return a;\n}\n"


def nested(levels):
    return "void f(int a) {\n" + "if (a) {\n" * levels + "a++;\n" + "}\n" * levels + "}\n"


def arguments(count):
    names = ", ".join(f"void (*p{i})(int, int)" for i in range(count))
    return f"static void\nf({names}) {{\n}}\n"


BREAKS = (
    ("a file of 501 lines", source("\n" * 501), "501 lines"),
    ("a function of 71 lines", source(body(71)), "a function of 71 lines"),
    ("a function of 71 lines in extern \"C\"", source('extern "C" {\n' + body(71) + "}\n"),
     "a function of 71 lines"),
    ("five levels", source(nested(5)), "5 levels"),
    ("five levels of loops and cases",
     source("void f(int a) {\nfor (;;) {\ndo {\nswitch (a) {\ncase 1: {\nwhile (a) {\n}\n}\n}\n"
            "} while (a);\n}\n}\n"), "5 levels"),
    ("eight parameters", source(arguments(8)), "8 parameters"),
)


def limits():
    """What is just allowed must pass, and data in braces is no nesting."""
    data = "int f(void) {\n    struct s a[] = {{{{{{1}}}}}};\n    g((struct s){{{{{0}}}}});\n}\n"
    for text in (body(70), nested(4), arguments(7), data):
        for _, lines, nesting, count in functions(without_directives(blank(text))):
            assert lines <= MAX_FUNCTION_LINES and nesting <= MAX_NESTING, (lines, nesting, text)
            assert count <= MAX_PARAMETERS, (count, text)


if __name__ == "__main__":
    limits()
    sys.exit(run(check, BREAKS))
