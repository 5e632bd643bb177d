"""README.md and docs/*.md: their blocks, and the words between backquotes."""

import contextlib
import glob
import os
import re

from lib.build import TOP
from lib.wait import DEADLINE, wait_for

# What stands for the programs of an image.
PROGRAMS = {
    "php": "#!/bin/sh\n[ \"$2\" != messenger:consume ] || exec sleep 1000\necho migrated\n",
    "php-fpm": "#!/bin/sh\nmkdir -p /tmp/www\necho fine >/tmp/www/health\n"
               "echo '{\"level\":\"error\",\"status\":502,\"path\":\"/api/orders\",\"message\":\"Exception: no database\"}'\n"
               "echo 'Error: pool www: connection to 10.0.3.9 refused' >&2\n"
               "exec busybox httpd -f -p 127.0.0.1:8080 -h /tmp/www\n",
    "nginx": "#!/bin/sh\necho begun\nexec busybox httpd -f -p 127.0.0.1:80 -h /tmp\n",
}

ASKS = r"(logcat|overlog status|overlog why|overlog run|probe) "
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
EMPTY = re.compile(r"`(etc/[^`]+)` is empty")
FILE = re.compile(r"^`[^`\n]+`\n\n\Z", re.M)


class Block:
    """page, line, language ("": none is said) and text. file: the path that stands in front of it, or None."""

    def __init__(self, page, line, language, text, file):
        self.page, self.line, self.language, self.text, self.file = page, line, language, text, file

    def lines(self):
        """What is typed: behind a $ where there is one, else every line, or all at once where one has a document; and
        what is shown below it."""
        if "<<" in self.text or self.language != "sh" and not self.text.startswith("$ "):
            return [(self.text, [])]
        if not self.text.startswith("$ "):
            return [(line, []) for line in self.text.splitlines()]
        typed = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                typed.append((line[2:], []))
            else:
                typed[-1][1].append(line)
        return typed


def pages():
    """{name: text}"""
    found = {}
    for path in [os.path.join(TOP, "README.md"), *sorted(glob.glob(os.path.join(TOP, "docs/*.md")))]:
        with open(path) as file:
            found[os.path.relpath(path, TOP)] = file.read()
    return found


def blocks(page, text=None):
    """Those of a page, or of a part of its text."""
    found = []
    text = pages()[page] if text is None else text
    for match in FENCE.finditer(text):
        before = FILE.search(text[:match.start()])
        found.append(Block(page, text.count("\n", 0, match.start()) + 1, match.group(1), match.group(2),
                           before and before.group().strip().strip("`")))
    return found


def block(page, begin):
    """The one that begins so."""
    [found] = [one for one in blocks(page) if one.text.startswith(begin)]
    return found


def quoted(text):
    """What stands between backquotes, outside of blocks; a | is escaped in tables."""
    return [word.replace("\\|", "|") for word in re.findall(r"`([^`\n]+)`", FENCE.sub("", text))]


def section(text, title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.M | re.S).group(1)


def part(page, title):
    """{path: content} of the files in the section of that title of a page in docs/."""
    text = section(pages()[f"docs/{page}"], title)
    files = {block.file: block.text for block in blocks(page, text) if block.file is not None}
    files.update({path: "" for path in EMPTY.findall(text)})
    assert len(files) > 0
    return {path: content for path, content in files.items() if path != "Dockerfile"}


def container(tree, boot, more=""):
    """Boots the services of the README, and more sections; waits until they have written their lines."""
    for name, text in PROGRAMS.items():
        tree.write(f"/usr/local/bin/{name}", text, 0o755)
    services = blocks("README.md", section(pages()["README.md"], "Services"))
    tree.write("/etc/s6-overlay/services.conf", next(one.text for one in services if one.language == "ini") + more)
    box = boot(tree.path, env={"S6_LOGGING": "1", "FEATURE_MIGRATE": "true", "TZ": "UTC",
                               "PATH": "/usr/local/bin:/command:/usr/bin:/bin"})
    box.wait_booted()
    for service, line in (("php-fpm", "10.0.3.9"), ("nginx", "begun"), (".init", "migrated")):
        box.wait_for(lambda: line in box.run("/command/logcat", service).stdout, what=f"what {service} writes")
    return box


def run(box, command, is_right, asks):
    """What it has printed. One that only asks is typed again, as a person does, while a logger has yet to write what there
    is, or a service to listen or to become schedule."""
    results = []

    def answered():
        results.append(box.run("sh", "-ec", command))
        return is_right(results[-1])
    with contextlib.suppress(TimeoutError):
        wait_for(answered, DEADLINE if asks else 0)
    return results[-1]


def follow(box, tree, command, text=""):
    """What a command that goes on has shown, once there is something, with that text."""
    follower = box.begin("sh", "-c", f"exec {command} >/tmp/followed 2>&1")

    def shown():
        followed = tree.read("/tmp/followed")
        return text in followed and followed.strip()
    found = box.wait_for(shown, what=command)
    follower.kill()
    follower.wait()
    os.unlink(tree.at("/tmp/followed"))
    return found
