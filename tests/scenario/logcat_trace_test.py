"""logcat: stack traces whose lines are not indented are entries of several lines: merged, chosen and turned round."""
from pathlib import Path

import pytest
from lib.build import TOP
from lib.logcat import BASE, cri, raw, service

CORPUS = sorted((Path(TOP) / "tests/unit/logcat/traces").glob("*.txt"))


def entries(path):
    """[[line]] of the file: '>' begins an entry."""
    found = []
    for line in path.read_text().splitlines():
        if line[0] == ">":
            found.append([])
        found[-1].append(line[1:])
    return found


def trace(root, name, found):
    """A line a millisecond, each with a stamp of its own; an entry every two seconds."""
    text = ""
    for i, entry in enumerate(found):
        text += "".join(cri(BASE + 2 * i, line, "stderr", nanosecond=1000000 * k) for k, line in enumerate(entry))
    service(root, name, text)


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.stem)
def test_01_traces_of_a_language(root, path):
    found = entries(path)
    trace(root, "a", found)
    # Lines of another service in between, one behind each line of the trace.
    other = "".join(cri(BASE + 2 * i, f"between {i} {k}", nanosecond=1000000 * k + 500000)
                    for i, entry in enumerate(found) for k in range(len(entry)))
    service(root, "b", other)
    merged = raw(root)
    for i, entry in enumerate(found):
        at = merged.index(f"between {i} 0")
        assert merged[at - len(entry):at] == entry, i
    longest = max(found, key=len)
    for word in (longest[0], longest[-1] or longest[-2]):
        pattern = "".join(f"[{c}]" if c not in "\\^" else "\\" + c for c in word)
        groups = [e for e in found if any(word in line for line in e)]
        assert raw(root, "--entry", "-g", pattern, "a") == [x for e in groups for x in e]
    assert raw(root, "-r", "--entry", "a") == [x for e in reversed(found) for x in e]
    assert raw(root, "-r", "a") == raw(root, "-r", "--entry", "a")


def test_02_a_trace_is_an_error(root):
    found = entries(next(p for p in CORPUS if p.stem == "python"))
    trace(root, "a", found)
    shown = raw(root, "-p", "err")
    for entry in found:
        if entry[0].startswith("Traceback"):
            assert entry[-1] in shown and entry[1] in shown
    assert not [x for x in shown if x.startswith(("INFO", "WARNING"))]


def test_03_another_stream_or_a_later_line_is_no_part(root):
    begin = cri(BASE, "Traceback (most recent call last):", "stderr") + cri(BASE, '  File "a.py"', "stderr")
    service(root, "a", begin + cri(BASE, "Started: x", "stdout") + cri(BASE, "Error: y", "stderr"))
    service(root, "b", begin + cri(BASE + 2, "Later: x", "stderr"))
    assert raw(root, "--entry", "-g", "Started", "a") == ["Started: x"]
    assert raw(root, "--entry", "-g", "Later", "b") == ["Later: x"]


def test_04_lines_without_stamps(root):
    found = entries(next(p for p in CORPUS if p.stem == "java"))
    service(root, "a", "".join(line + "\n" for entry in found for line in entry))
    assert raw(root, "--entry", "-g", "7 more") == found[1]
