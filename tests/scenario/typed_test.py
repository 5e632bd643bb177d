"""What all pages tell to type, typed. What is not, and why, is in NOT_TYPED.

Commands of the README have a test of their own, which looks at what they print: readme_commands_test.py. Those of an
engine are in tests/container/typed_engine_test.py, trees of whole files in pages_test.py."""

import os
import re
import subprocess

import source
from lib import pages
from lib.build import OVERLOG, TOP

# A pattern of "page: what is written", and why it is not typed here.
NOT_TYPED = {
    r"docs/(hacking|testing|building|security)\.md: .*(make|tests/|build/|pytest)": "minutes: its parts are looked up below",
    r"README\.md: (sh tests/|make )": "minutes: its parts are looked up below, and what it installs in readme_test.py",
    r"README\.md: cat >services.conf": "an engine: tests/container/readme_test.py",
    r"docs/(debugging|non-root)\.md: ((docker|podman) (cp|run)|OVERLOG_DIR=./logs) ": "an engine: tests/container/typed_engine_test.py",
    r"docs/debugging\.md: docker exec NAME logcat -p ": "a run before this one: logcat_boot_test.py",
    r"docs/php\.md: (docker|curl) ": "an engine: tests/container/php_page_test.py",
    r".*: (docker|kubectl) (?!exec (web|NAME) )": "the engine's own",
    r"README\.md: (cosign| +--certificate)": "a release that is signed: downloads_test.py",
    r"README\.md: overlog check root/": "a tree with that mistake: overlog_check_test.py",
    r".*: .* \.\.\.$": "the beginning of a command line",
    r"docs/features\.md: s6-svc -r /var/run/": "what no longer works",
    r".*: (logcat -[fgSl]|s6-\S+ -\w+|overlog import --dirs)$": "an option is named",
}
# What pages write for a name that the reader has.
STANDS_FOR = {"NAME": "nginx", "X": "nginx", "x": "nginx", "FILE": "/etc/cron.d/app", "supervisord.conf": "/etc/supervisord.conf"}
ON_PAGE = {
    "docs/commands.md": {"ROOT": "/"},
    "docs/jobs.md": {"NAME": "backup"},
    "docs/running.md": {"NAME": "backup"},
    "docs/migrate-from-shell.md": {"worker": "worker-1"},
    "docs/migrate-from-systemd.md": {"foo": "nginx"},
    "docs/toggles.md": {"oneshot migrate": "oneshot upgrade"},
    "docs/variables.md": {"NAME": "worker", "N": "2"},
}
# Commands that a person types; others stand in scripts.
TYPED = r"(overlog|logcat|probe|s6-rc|s6-rc-update|s6-svc|s6-svscanctl|with-contenv|docker exec (web|NAME)) "
FOLLOWS = r"logcat -f|overlog status --watch"
FINDS_NOTHING = r"logcat .*(-U|-p (err|warn))"
KINDS = {"sh", "console", "ini", "text", "dockerfile"}
# What a command that succeeds may say besides.
SAID = r"(-: \d+ files, .*\nWhat is secret .*\n|s6-rc-update: warning: .*: scaled to 5: instances is not used; .*\n)?"
MORE = """
[web]
run = sh -c "echo begun; exec busybox httpd -f -p 127.0.0.1:5432 -h /tmp"
"""


def why_not(page, text):
    for pattern, reason in NOT_TYPED.items():
        if re.match(pattern, f"{page}: {text}"):
            return reason
    return None


def what_is_typed(page, text):
    """[(what, what is shown below it)]: blocks, lines behind a $, and command lines in the text."""
    found = []
    for block in pages.blocks(page, text):
        assert block.file or block.language in KINDS, f"{page}:{block.line}: say what kind of block it is"
        if not block.file and (block.language == "console" or block.language == "sh" and not block.text.startswith("#!")):
            found += block.lines()
    return [one for one in found + [(word, []) for word in pages.quoted(text) if re.match(TYPED, word)]
            if why_not(page, one[0]) is None]


def as_here(page, text):
    """The same without the engine, and with names that are there. One that stands alone is only named."""
    text = re.sub(r"^docker exec (web|NAME) ", "", text)
    for word, name in {**STANDS_FOR, **ON_PAGE.get(page, {})}.items():
        text = re.sub(rf"(?<![\w./-]){re.escape(word)}(?![\w/.])", name, text)
    return f"{text} --help" if re.fullmatch(r"overlog (why|create|import|up|start|stop|restart|reload|scale|show|vacuum|report)", text) else text


def give(tree):
    """What the commands of the pages need to be there."""
    with open(tree.at("/etc/passwd"), "a") as file:
        file.write("app:x:1000:1000:app:/:/bin/sh\n")
    tree.write("/etc/hosts", "127.0.0.1 localhost db\n")
    tree.write("/etc/supervisord.conf", "[program:app]\ncommand=/bin/true\n")
    tree.write("/etc/cron.d/app", "15 3 * * * nobody backup\n")
    for program in ("/usr/local/bin/backup", "/app/migrate", "/start.sh"):
        tree.write(program, "#!/bin/sh\necho done\n", 0o755)
    for unit in ("app", "db"):
        tree.write(f"/tmp/docs/migrate-from-systemd.md/{unit}.service", "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n")
    tree.longrun("mailer")


def shape(text):
    return re.sub(r"\d+", "N", text).strip()


def test_in_a_container_that_runs(tree, boot):
    give(tree)
    box = pages.container(tree, boot, MORE)
    wrong, count, told = [], 0, ""
    for page, text in pages.pages().items():
        place = f"/tmp/{page}"
        os.makedirs(tree.at(place), exist_ok=True)
        for typed, shown in what_is_typed(page, text):
            command = as_here(page, typed)
            count += 1
            good = {0, 1} if re.match(FINDS_NOTHING, command) else {0}
            if re.match(FOLLOWS, command):
                result = subprocess.CompletedProcess(command, 0, pages.follow(box, tree, command), "")
            else:
                result = pages.run(box, f"cd {place}; {command}", lambda r: r.returncode in good, re.match(pages.ASKS, command))
            told += result.stdout
            if result.returncode not in good or not re.fullmatch(SAID, result.stderr):
                wrong.append((page, typed, result.returncode, result.stdout[-200:], result.stderr))
            elif shown and page != "README.md" and shape(result.stdout) != shape("\n".join(shown)):
                wrong.append((page, typed, result.stdout, shown))
    assert wrong == [], "\n".join(map(repr, wrong))
    assert count > 90
    assert "bundle user\ns6-rc-update /etc/s6-overlay takes it into the container that runs\n" in told  # of overlog create
    assert box.stop() == 0


def every_word():
    """(page, a block or what stands between backquotes)"""
    for page, text in pages.pages().items():
        typed = [line for block in pages.blocks(page, text) for line, _ in block.lines()]
        for word in typed + pages.quoted(text):
            yield page, word


def test_each_exception_is_one():
    for pattern in NOT_TYPED:
        assert any(re.match(pattern, f"{page}: {word}") for page, word in every_word()), pattern


def test_what_takes_minutes_is_there():
    """Targets of make and paths of tests, in blocks and between backquotes."""
    with open(os.path.join(TOP, "Makefile")) as file:
        targets = set(re.findall(r"^([a-z-]+):", file.read(), re.M))
    seen = set()
    for page, word in every_word():
        for target in re.findall(r"^(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)(?![\w/-])", word, re.M):
            assert target in targets, (page, word)
            seen.add(target)
        for path in re.findall(r"(?<![\w/.])(?:build/(?:san|fuzz)/)?tests/[\w./-]*\w", word):
            source = os.path.join(TOP, re.sub(r"^build/\w+/", "", path))
            assert re.search("[A-Z]{4}", path) or os.path.exists(source) or os.path.exists(source + ".c"), (page, path)
    assert len(seen) > 12


def test_scripts_and_sections_can_be_used(tmp_path):
    """What overlog check says of each, in a tree of its own."""
    count = 0
    for page, text in pages.pages().items():
        for block in pages.blocks(page, text):
            place = tmp_path / f"tree{count}"
            if block.language == "ini" and not block.file:
                files = {"services.conf": block.text}
            elif block.text.startswith("#!") and not block.file:
                files = {"s6-rc.d/one/type": "longrun\n", "s6-rc.d/one/run": block.text,
                         "user-bundles.d/user/contents.d/one": ""}
            else:
                continue
            for name, content in files.items():
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                (place / name).write_text(content)
            result = subprocess.run(["overlog", "check", place], executable=OVERLOG, capture_output=True, text=True)
            assert result.returncode == 0 and " 0 warnings" in result.stdout, (page, block.line, result.stdout)
            count += 1
    assert count >= 6


def messages():
    """Those parts of messages in the sources that are the same each time."""
    found = set()
    for path in source.files():
        text = re.sub(r'"\s*\n\s*"', "", source.read(path))
        for literal in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text):
            parts = re.split(r"%[-+ #0-9.*]*l*z?[a-zA-Z%]|\\n", literal.replace('\\"', '"'))
            found |= {part.strip(" :;,()") for part in parts}
    return {part for part in found if len(part) >= 12}


NOT_OURS = {"exec /init: exec format error", "Too many open files"}


def test_each_symptom_is_a_message():
    known, count = messages(), 0
    for title in re.findall(r"^\*\*(.+?)\*\*", pages.pages()["docs/troubleshooting.md"], re.M | re.S):
        for message in re.findall("`([^`]+)`", title.replace("\n", " ")):
            if len(message.split()) > 2 and message not in NOT_OURS:
                count += 1
                assert any(part in message for part in known), message
    assert count > 20


def test_pictures_are_shown_and_can_be_made_again():
    shown = {os.path.basename(path) for _, text in pages.pages().items() for path in re.findall(r"!\[[^]]+\]\((.*?)\)", text)}
    script = source.read("docs/pictures/render")
    made = set(re.findall(r'"(\w+)": \w+[,}]', re.search(r"^PICTURES = .*", script, re.M).group()))
    there = set(os.listdir(os.path.join(TOP, "docs/pictures"))) - {"render"}
    assert shown == there == {f"{name}.svg" for name in made}
