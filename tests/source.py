"""The product's C files as text, for the lints: comments and strings blanked, cut into what stands at file scope."""
import collections
import glob
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
Part = collections.namedtuple("Part", "name kind static line text head body")


def rooms():
    with open(os.path.join(TOP, "Makefile")) as file:
        return re.search(r"^ROOMS := (.*)$", file.read(), re.M).group(1).split()


def files():
    """The paths of all .c and .h files of the product, from the top."""
    found = []
    for room in rooms():
        for pattern in ("*.[ch]", "*/*.[ch]"):
            found += glob.glob(os.path.join(TOP, room, pattern))
    return sorted(os.path.relpath(path, TOP) for path in found)


def read(path):
    with open(os.path.join(TOP, path)) as file:
        return file.read()


def code(text):
    """Without comments, strings and characters, line by line as it was."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)


def closing(text, at):
    """The place behind the bracket that closes the one at this place."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    depth, end = 0, at
    while end < len(text):
        if text[end] in pairs:
            depth += 1
        elif text[end] in pairs.values():
            depth -= 1
            if depth == 0:
                return end + 1
        end += 1
    raise ValueError("unbalanced brackets")


ATTRIBUTE = re.compile(r"\s*__attribute__\s*(?=\()")
NAME = re.compile(r"(\w+)\s*(?=\()")


def function_name(head):
    """The name of the function that a definition begins with, and the place of its parameters; or None."""
    at = 0
    while match := ATTRIBUTE.search(head, at):
        head = head[:match.start()] + " " * (closing(head, match.end()) - match.start()) + head[closing(head, match.end()):]
        at = match.start()
    match = NAME.search(head)
    return (match.group(1), match.end()) if match else None


def object_name(text):
    """The name of the object that is initialised there, or None."""
    at, flat = 0, ""
    while at < len(text) and text[at] != "=":
        if text[at] in "([{":
            at = closing(text, at)
        else:
            flat += text[at]
            at += 1
    match = re.search(r"(\w+)\s*$", flat)
    return match.group(1) if match and at < len(text) and not text.startswith("typedef") else None


def parts(path):
    """What stands at file scope, in order, as Part: kind is function, object, or other. Preprocessor lines are parts by
    themselves, macros included."""
    text = code(read(path))
    at, found = 0, []
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at >= len(text):
            return found
        line, start = text.count("\n", 0, at) + 1, at
        if text[at] == "#":
            match = re.compile(r"(?:\\\n|[^\n])*").match(text, at)
            at = match.end()
            found.append(Part(None, "other", True, line, match.group(), "", ""))
            continue
        while at < len(text) and text[at] not in ";{" and not (text[at] == "#" and text[at - 1] == "\n"):
            at = closing(text, at) if text[at] in "([" else at + 1
        head, body = text[start:at], ""
        if at == len(text) or text[at] == "#":  # a macro that is used
            found.append(Part(None, "other", True, line, head, "", ""))
            continue
        if text[at] == "{":
            begin, at = at, closing(text, at)
            body = text[begin:at]
            named = function_name(head) if "=" not in head else None
            if named and not re.match(r"\s*(typedef|struct|enum|union)\s*\w*\s*$", head):
                static = re.match(r"(\w+\s+)*static\b", head) is not None
                found.append(Part(named[0], "function", static, line, head + body, head, body))
                continue
            while text[at] != ";":
                at = closing(text, at) if text[at] in "([{" else at + 1
        at += 1
        whole = text[start:at]
        static = re.match(r"(\w+\s+)*static\b", whole) is not None
        name = object_name(whole)
        found.append(Part(name, "object" if name else "other", static, line, whole, head, body))
