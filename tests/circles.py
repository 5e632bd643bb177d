"""Fails when files of a room call each other in a circle: nobody below calls up. A file stands for its source and
what that defines for others; who names a function of another file, to call it or to pass it on, is above that file.
The circles in KNOWN are still to be untied; one that is gone is an error as well, so that the list only shrinks.

usage: circles.py [ROOM...]
"""
import glob
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOMS = "base contract rotate logger logcat execline services overlay supervisor command".split()
KNOWN = []  # each sorted
WORD = re.compile(r"[A-Za-z_]\w*")
# At the begin of a line: a type, the name, the parameters and the body; static ones are nobody else's.
DEFINITION = re.compile(r"^(?!static\b|typedef\b|return\b|else\b)[A-Za-z_][\w \t*]*?\b(\w+)\([^;{}]*\)\s*\{", re.M)
TABLE = re.compile(r"^const [\w ]+?[ *](\w+)(?:\[\w*\])?\s*=", re.M)


def code(text):
    """Without comments, strings and lines of the preprocessor."""
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', " ", text, flags=re.S)
    return re.sub(r"^#.*?(?<!\\)$", "", text, flags=re.M | re.S)


def arrows(sources):
    """By file: the files of the room that it names something of."""
    texts = {path: code(open(path).read()) for path in sources}
    home = {}
    for path, text in texts.items():
        for name in DEFINITION.findall(text) + TABLE.findall(text):
            home[name] = path
    uses = {}
    for path, text in texts.items():
        own = set(re.findall(r"^static [^;{}=]*?\b(\w+)\(", text, re.M))
        names = set(WORD.findall(re.sub(r"(?:\.|->|\bstruct\b|\benum\b)\s*\w+", " ", text))) - own
        uses[path] = {home[name] for name in names if name in home} - {path}
    return uses


def circles(uses):
    """The sets of files that can reach each other (Tarjan), each sorted."""
    order, low, stack, found = {}, {}, [], []

    def visit(file):
        order[file] = low[file] = len(order)
        stack.append(file)
        for other in sorted(uses[file]):
            if other not in order:
                visit(other)
            if other in stack:
                low[file] = min(low[file], low[other])
        if low[file] == order[file]:
            ring = stack[stack.index(file):]
            del stack[stack.index(file):]
            if len(ring) > 1:
                found.append(tuple(sorted(ring)))

    sys.setrecursionlimit(10000)
    for file in sorted(uses):
        if file not in order:
            visit(file)
    return found


def main(rooms):
    os.chdir(TOP)
    found = []
    for room in rooms or ROOMS:
        found += circles(arrows(sorted(glob.glob(f"{room}/**/*.c", recursive=True))))
    bad = [ring for ring in found if ring not in KNOWN]
    gone = [] if rooms else [ring for ring in KNOWN if ring not in found]
    for ring in bad:
        print(f"call each other in a circle: {' '.join(ring)}", file=sys.stderr)
    for ring in gone:
        print(f"tests/circles.py: no longer a circle: {' '.join(ring)}", file=sys.stderr)
    if not bad and not gone:
        print("circles: ok")
    return 1 if bad or gone else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
