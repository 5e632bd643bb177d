"""What failed, for tests/check, which repeats it alone: pytest writes it to the directory FAILURES of its environment.

    DIR/names       the names of the tests that failed (or of files that could not be read), one a line
    DIR/ends        those of them that had passed when their fixtures failed, and count as passed as well
    DIR/1, DIR/2    what each of them said, in the order of names
"""

from pathlib import Path


def plain(name):
    """The name of a test without the group that xdist adds to it."""
    head, bracket, tail = name.rpartition("]")
    return head + bracket + tail.partition("@")[0]


class Failures:
    """A plugin. A test that fails and whose fixtures fail as well is one."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in self.folder.iterdir():
            file.unlink()
        self.names, self.ends = [], []
        self.write()

    def write(self):
        for file, names in {"names": self.names, "ends": self.ends}.items():
            (self.folder / file).write_text("".join(name + "\n" for name in names))

    def keep(self, report):
        if not report.failed:
            return
        name = plain(report.nodeid)
        if name not in self.names:
            self.names.append(name)
            if getattr(report, "when", None) == "teardown":
                self.ends.append(name)
        text = "\n".join([report.longreprtext, *(f"--- {title}\n{said}" for title, said in report.sections)])
        with open(self.folder / str(self.names.index(name) + 1), "a") as file:
            file.write(text + "\n")
        self.write()

    pytest_runtest_logreport = keep
    pytest_collectreport = keep
