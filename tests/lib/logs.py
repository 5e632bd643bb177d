"""Log directories, read without any code of ours."""

import contextlib
import gzip
import os
import re

from lib.wait import wait_for

ARCHIVE = re.compile(r"@[0-9a-f]{24}\.[su](\.gz)?$")
CRI = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (stdout|stderr) ([FP]) (.*)", re.S)


def archives(folder):
    """Names of the archives, oldest first; of X and X.gz only X.gz."""
    names = sorted(n for n in os.listdir(folder) if ARCHIVE.match(n))
    return [n for n in names if n + ".gz" not in names]


def at_one_moment(folder):
    """Names of the archives, and current, open: nothing was rotated between. None: there is no current."""
    path = os.path.join(folder, "current")
    while True:
        try:
            current = open(path, "rb")
        except FileNotFoundError:
            return archives(folder), None
        try:
            names = archives(folder)
            if os.path.samestat(os.stat(path), os.fstat(current.fileno())):
                return names, current
        except FileNotFoundError:
            pass  # for a moment there is none, where names cannot change places
        current.close()


def archived(path, current):
    """What an archive holds; nothing, if it is the current that was opened, and has become one meanwhile."""
    with open(path, "rb") as file:
        if current and os.path.samestat(os.fstat(file.fileno()), os.fstat(current.fileno())):
            return b""
        return gzip.GzipFile(fileobj=file).read() if path.endswith(".gz") else file.read()


def log_bytes(folder):
    """All that a log directory holds, oldest first, as it is at one moment; again, if an archive was removed meanwhile."""
    while True:
        names, current = at_one_moment(folder)
        with current or contextlib.nullcontext():
            try:
                data = [archived(os.path.join(folder, name), current) for name in names]
                return b"".join(data) + (current.read() if current else b"")
            except FileNotFoundError:
                pass


def whole_lines(folder):
    """The same, when its last line has an end: a reader may see the first page of a write."""
    def whole():
        data = log_bytes(folder)
        return [data] if data == b"" or data.endswith(b"\n") else None
    return (whole() or wait_for(whole, what=f"end of the last line in {folder}"))[0]


def log_lines(folder):
    """[(stamp, stream, flag, text)] of a directory with CRI stamps; every line must have one."""
    data = whole_lines(folder)
    lines = []
    for line in data.split(b"\n")[:-1]:
        match = CRI.fullmatch(line)
        assert match, f"{folder}: not a CRI line: {line!r}"
        stamp, stream, flag, text = match.groups()
        lines.append((stamp.decode(), stream.decode(), flag.decode(), text.decode(errors="surrogateescape")))
    return lines


def joined(lines):
    """[(stream, message)] of [(stream, flag, message)], where pieces follow upon each other: a line that was begun for a
    second, on a slow machine perhaps, is there in pieces. One that has no end yet counts, too."""
    whole, begun = [], {}
    for stream, flag, message in lines:
        if stream in begun:
            message = begun.pop(stream) + message
        if flag == "P":
            begun[stream] = message
        else:
            whole.append((stream, message))
    return whole + list(begun.items())


def log_text(folder, stream=None):
    """The messages only, one string each, of one stream if given."""
    lines = [(where, flag, text) for _, where, flag, text in log_lines(folder)]
    return [text for where, text in joined(lines) if stream in (None, where)]


def log(tree, name, stream=None):
    """The messages that a service of a tree has logged so far, those of one stream if given."""
    folder = tree.at(f"/var/log/services/{name}")
    return log_text(folder, stream) if os.path.exists(folder + "/current") else []
