"""Processes as /proc shows them."""

import os

def is_logger(words):
    """Whether that is the command line of a paired logger, or of the one of .init or .cmd."""
    return words[:1] == ["logger"] or (words[:1] == ["s6-supervise"] and words[2:3] == ["logger"])


def link_target(path):
    try:
        return os.readlink(path)
    except OSError:
        return None


def children(pid):
    return [other for other, parent in parents().items() if parent == pid]


def descendants(pid):
    """All pids below pid."""
    known = parents()
    found, queue = [], [pid]
    while queue:
        above = queue.pop()
        below = [other for other, parent in known.items() if parent == above]
        found += below
        queue += below
    return found


def process_fields(pid):
    """Fields of /proc/PID/stat from the state on."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()
    except OSError:
        return None


def process_name(pid):
    try:
        with open(f"/proc/{pid}/comm", errors="surrogateescape") as file:
            return file.read().rstrip("\n")
    except OSError:
        return None


def process_state(pid):
    fields = process_fields(pid)
    return fields[0] if fields else None


def parents():
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = process_fields(entry)
            if fields:
                found[int(entry)] = int(fields[1])
    return found


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", errors="surrogateescape") as file:
            return file.read().split("\0")[:-1]
    except OSError:
        return []


def catches(pid, number):
    """Whether a process has a handler for that signal, or lets it wait for one."""
    try:
        with open(f"/proc/{pid}/status") as file:
            masks = dict(line.split(":\t") for line in file if line.startswith(("SigBlk:", "SigCgt:")))
    except OSError:
        return False
    return any(int(mask, 16) >> number - 1 & 1 for mask in masks.values())
