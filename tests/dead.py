"""Finds functions and tables of the product, seen by more than their file, that nothing in it can come to from main: only
tests, or nobody, would call them. Those that are on their way stand in tests/dead.txt, as "FILE | NAME | reason"; one
that has a caller must not stand there.

usage: dead.py
"""
import os
import re
import sys

import source

WORD = re.compile(r"[A-Za-z_]\w*")


def words(text):
    return set(WORD.findall(text))


def graph():
    """(nodes, globals by name, statics by file and name, macros by name): node -> the words in it."""
    nodes, shared, own, macros = {}, {}, {}, {}
    for path in source.files():
        for part in source.parts(path):
            macro = re.match(r"#\s*define\s+(\w+)", part.text)
            if macro:
                macros.setdefault(macro.group(1), set()).update(words(part.text[macro.end():]))
            if part.name is None:
                continue
            node = (path, part.name, part.line)
            nodes[node] = words(part.text) - {part.name}
            if part.static and path.endswith(".c"):
                own.setdefault((path, part.name), []).append(node)
            else:
                shared.setdefault(part.name, []).append(node)
    return nodes, shared, own, macros


def reached():
    nodes, shared, own, macros = graph()
    seen, used, todo = set(), set(), list(shared["main"])
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        names = list(nodes[node])
        while names:
            name = names.pop()
            todo += own.get((node[0], name)) or shared.get(name) or shared.get("__wrap_" + name, [])  # of the linker
            if name in macros and name not in used:
                used.add(name)
                names += macros[name]
            elif name in macros:
                names += [word for word in macros[name] if word in shared and word not in macros]
    return seen, nodes, shared


def main():
    seen, _, shared = reached()
    dead = sorted(node for group in shared.values() for node in group if node not in seen)
    with open(os.path.join(source.TOP, "tests/dead.txt")) as file:
        known = {tuple(line.split(" | ")[:2]) for line in file}
    wrong = [f"{path}:{line}: {name} has no caller in the product" for path, name, line in dead
             if (path, name) not in known]
    wrong += [f"tests/dead.txt: {name} of {path} has a caller, or is gone"
              for path, name in sorted(known - {node[:2] for node in dead})]
    for text in wrong:
        print(text, file=sys.stderr)
    if wrong:
        sys.exit(1)
    print("dead: none")


if __name__ == "__main__":
    main()
