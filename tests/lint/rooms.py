# SPDX-License-Identifier: MIT
"""The tree is the architecture: who may include whom.

lib/ROOMS lists the rooms and which rooms each may enter. Checked: every include of lib goes to
its own room, to an allowed one, or to a public header of one of these; the header that
declares the file comes first (its own, or one of its room), then those in angle brackets, then
ours; no circle between files; file names unique in lib; server and examples include public
headers only.
"""

import os
import re
import sys

from common import blank, read, run, walk, write

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
BASE_HEADERS = {"status", "tensor", "version"}


def read_rooms(root):
    rooms = {}
    for line in read(root, "lib/ROOMS").splitlines():
        if line.strip() and not line.startswith("#"):
            room, _, others = line.partition(":")
            rooms[room.strip()] = set(others.split()) | {room.strip()}
    return rooms


def room_of_public(name):
    """The room whose public header <mlserve/NAME.h> is."""
    stem = re.sub(r"(_plugin)?\.h$", "", name)
    return "base" if stem in BASE_HEADERS else stem


def includes_of(root, path):
    """(line, kind, name) of each include."""
    text = blank(read(root, path), keep_strings=True)
    return [
        (text.count("\n", 0, match.start(1)) + 1, match.group(1), match.group(2))
        for match in INCLUDE.finditer(text)
    ]


def target_of(root, path, kind, name):
    """The file of ours that an include means, or None."""
    candidates = [os.path.join("include", name)]
    if path.startswith("lib/"):
        candidates.append(os.path.join("lib", name))
    if kind == '"':
        candidates.insert(0, os.path.join(os.path.dirname(path), name))
    for candidate in candidates:
        candidate = os.path.normpath(candidate)
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def check_room(root, path, rooms, findings):
    room = path.split("/")[1]
    if room not in rooms:
        findings.append(f"{path}:1: room '{room}' is not in lib/ROOMS")
        return
    for line, kind, name in includes_of(root, path):
        if name.startswith("mlserve/"):
            goal = room_of_public(name[len("mlserve/"):])
        elif name == "mlserve.h":
            findings.append(f"{path}:{line}: lib includes the headers it needs, not mlserve.h")
            continue
        elif kind == '"':
            goal = name.split("/")[0]
            if not os.path.isfile(os.path.join(root, "lib", name)):
                findings.append(f"{path}:{line}: \"{name}\" is not a file written from lib/")
                continue
        else:
            continue
        if goal not in rooms[room]:
            findings.append(f"{path}:{line}: room '{room}' may not enter '{goal}' ({name})")


def check_order(root, path, findings):
    includes = includes_of(root, path)
    own = path[len("lib/"):-len(".c")] + ".h"
    room = path.split("/")[1] + "/"
    ranks = [0 if name == own else 1 if kind == "<" else 2 for _, kind, name in includes]
    if includes and includes[0][2].startswith(room) and 0 not in ranks:
        ranks[0] = 0
    for (line, _, name), rank, before in zip(includes[1:], ranks[1:], ranks):
        if rank < before:
            findings.append(
                f"{path}:{line}: {name} stands too late: own header, system's, then ours"
            )
            return


def check_public(root, path, rooms, findings):
    """A public header may include public headers of rooms its room may enter."""
    room = room_of_public(os.path.basename(path))
    for line, _, name in includes_of(root, path):
        if name.startswith("mlserve/"):
            goal = room_of_public(name[len("mlserve/"):])
            if room in rooms and goal not in rooms[room]:
                findings.append(f"{path}:{line}: room '{room}' may not enter '{goal}' ({name})")


def check_outside(root, path, findings):
    for line, kind, name in includes_of(root, path):
        target = target_of(root, path, kind, name)
        inside = os.path.isfile(os.path.join(root, "lib", name))
        if inside or (target is not None and target.startswith("lib/")):
            findings.append(f"{path}:{line}: only public headers here, not {name} of lib")


def check_circles(root, paths, findings):
    edges = {
        path: [
            target
            for _, kind, name in includes_of(root, path)
            if (target := target_of(root, path, kind, name)) is not None
        ]
        for path in paths
    }
    done = set()
    for start in paths:
        trail, steps = [start], [iter(edges[start])]
        while steps:
            target = next(steps[-1], None)
            if target is None:
                done.add(trail.pop())
                steps.pop()
            elif target in trail:
                circle = trail[trail.index(target):] + [target]
                findings.append(f"{target}:1: includes go round: {' > '.join(circle)}")
                done.add(target)
            elif target not in done and target in edges:
                trail.append(target)
                steps.append(iter(edges[target]))


def check_names(paths, findings):
    homes = {}
    for path in paths:
        stem = os.path.splitext(os.path.basename(path))[0]
        home = homes.setdefault(stem, os.path.dirname(path))
        if home != os.path.dirname(path):
            findings.append(f"{path}:1: the name '{stem}' is taken in {home}/")


def check(root):
    findings = []
    rooms = read_rooms(root)
    inside = walk(root, ("lib",), (".c", ".h"))
    for path in inside:
        check_room(root, path, rooms, findings)
        if path.endswith(".c"):
            check_order(root, path, findings)
    for path in walk(root, ("include/mlserve",), (".h",)):
        check_public(root, path, rooms, findings)
    outside = walk(root, ("server", "examples"), (".c", ".h", ".cpp", ".hpp"))
    for path in outside:
        check_outside(root, path, findings)
    check_circles(root, inside + walk(root, ("include",), (".h", ".hpp")) + outside, findings)
    check_names(inside, findings)
    return findings


def uphill(copy):
    write(copy, "lib/base/uphill.c", '#include "model/dense.h"\n')


def uphill_public(copy):
    write(copy, "lib/base/uphill.c", "#include <mlserve/predictor.h>\n")


def public_uphill(copy):
    write(copy, "include/mlserve/pool.h", "#include <mlserve/model.h>\n")


def unlisted(copy):
    write(copy, "lib/attic/box.c", "\n")


def circle(copy):
    write(copy, "lib/base/round.h", '#include "base/trip.h"\n')
    write(copy, "lib/base/trip.h", '#include "base/round.h"\n')


def twin(copy):
    write(copy, "lib/model/memory.c", "\n")


def misplaced(copy):
    write(copy, "lib/base/late.h", "\n")
    write(copy, "lib/base/late.c", '#include <stddef.h>\n\n#include "base/late.h"\n')


def mixed(copy):
    write(copy, "lib/base/late.c", '#include "base/fail.h"\n#include "base/file.h"\n#include <math.h>\n')


def reaching_in(copy):
    write(copy, "server/reach.c", '#include "base/memory.h"\n')


def reaching_round(copy):
    write(copy, "examples/reach.c", '#include "../lib/base/memory.h"\n')


BREAKS = (
    ("a room enters one above it", uphill, "may not enter 'model'"),
    ("a room includes a public header above it", uphill_public, "may not enter 'predictor'"),
    ("a public header includes one above it", public_uphill, "may not enter 'model'"),
    ("a room that is not listed", unlisted, "room 'attic' is not in lib/ROOMS"),
    ("two headers of one room in a circle", circle, "includes go round"),
    ("one file name in two rooms", twin, "the name 'memory' is taken"),
    ("the own header comes late", misplaced, "stands too late"),
    ("a header of the system comes late", mixed, "stands too late"),
    ("the server includes from lib", reaching_in, "only public headers here"),
    ("an example includes from lib by a path", reaching_round, "only public headers here"),
)

if __name__ == "__main__":
    sys.exit(run(check, BREAKS))
