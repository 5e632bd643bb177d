"""Looks at the shape of the product's files: no file of more than 500 lines, its comment at the top included, no function
of more than 60 lines, nested more than 4 deep or with more than 6 parameters. Those that are to be mended yet stand in
tests/shape.txt, as "FILE | FUNCTION, or * | lines, nesting or parameters"; what is mended must not stand there.

usage: shape.py [--worst]
  --worst: print the ten largest of each kind instead
"""
import os
import re
import sys

import source

LIMITS = {"lines": 60, "nesting": 4, "parameters": 6}
FILE_LINES = 500


class Nesting:
    """How deep the statements of a function's body are nested: a body that is no block counts as well, else if does not."""

    def __init__(self, text):
        self.text, self.at, self.most = text, 0, 0
        self.statement(0)

    def skip(self):
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def word(self):
        self.skip()
        match = re.compile(r"\w+").match(self.text, self.at)
        return match.group() if match else ""

    def brackets(self):
        self.skip()
        self.at = source.closing(self.text, self.at)

    def inner(self, depth):
        self.most = max(self.most, depth + 1)
        self.statement(depth + 1)

    def statement(self, depth):
        word = self.word()
        if word in ("if", "for", "while", "switch"):
            self.at += len(word)
            self.brackets()
            self.inner(depth)
            if word == "if" and self.word() == "else":
                self.at += len("else")
                (self.statement if self.word() == "if" else self.inner)(depth)
        elif word == "do":
            self.at += len("do")
            self.inner(depth)
            self.simple()
        elif self.text[self.at] == "{":
            self.block(depth)
        elif word in ("case", "default"):
            self.at = self.text.index(":", self.at) + 1
        else:
            self.simple()

    def block(self, depth):
        self.at += 1
        while self.skip() or self.text[self.at] != "}":
            if self.text[self.at] == "#":
                self.at = self.text.index("\n", self.at)
            else:
                self.statement(depth)
        self.at += 1

    def simple(self):
        while self.text[self.at] != ";":
            self.at = source.closing(self.text, self.at) if self.text[self.at] in "([{" else self.at + 1
        self.at += 1


def parameters(head):
    _, at = source.function_name(head)
    inside = head[at + 1:source.closing(head, at) - 1]
    count, place = 1 if inside.strip() not in ("", "void") else 0, 0
    while place < len(inside):
        if inside[place] in "([{":
            place = source.closing(inside, place)
        else:
            count += inside[place] == ","
            place += 1
    return count


def measures():
    """(file, function or *, kind) -> (amount, line)"""
    found = {}
    for path in source.files():
        found[path, "*", "lines"] = source.read(path).count("\n"), 1
        for part in source.parts(path):
            if part.kind != "function":
                continue
            found[path, part.name, "lines"] = part.text.count("\n") + 1, part.line
            found[path, part.name, "nesting"] = Nesting(part.body).most, part.line
            found[path, part.name, "parameters"] = parameters(part.head), part.line
    return found


def limit(key):
    return FILE_LINES if key[1] == "*" else LIMITS[key[2]]


def print_worst(found):
    for kind in ("file", *LIMITS):
        print(f"{kind}:")
        rows = [(amount, key) for key, (amount, _) in found.items()
                if (kind == "file") == (key[1] == "*") and kind in ("file", key[2])]
        for amount, (path, name, _) in sorted(rows, reverse=True)[:10]:
            print(f"  {amount:4} {path} {name}")


def main():
    found = measures()
    if sys.argv[1:] == ["--worst"]:
        return print_worst(found)
    over = {key for key, (amount, _) in found.items() if amount > limit(key)}
    with open(os.path.join(source.TOP, "tests/shape.txt")) as file:
        known = {tuple(line.rstrip("\n").split(" | ")) for line in file}
    wrong = [f"{key[0]}:{found[key][1]}: {key[1]}: {found[key][0]} {key[2]}, at most {limit(key)}"
             for key in sorted(over - known)]
    wrong += [f"tests/shape.txt: mended, or gone: {' | '.join(key)}" for key in sorted(known - over)]
    for text in wrong:
        print(text, file=sys.stderr)
    if wrong:
        sys.exit(1)
    print(f"shape: ok, {len(known)} to be mended" if known else "shape: ok")


if __name__ == "__main__":
    main()
