"""What the README shows and tells to type, in a container whose services are those of the README."""

import os
import re
import shlex
import subprocess

from lib import pages
from lib.build import OVERLOG, TOP
from lib.wait import wait_for

README = pages.pages()["README.md"]


def commands():
    """Those of the table, and those that are shown with what they print."""
    cells = re.findall(r"^\|[^|]+\| (.*) \|$", pages.section(README, "I want to"), re.M)
    words = [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]
    typed = [word for word in words if re.match(r"(logcat|overlog|probe) ", word)]
    return typed + [line.split("#")[0] for line in re.findall(r"^\$ docker exec web (.*)$", README, re.M)]


def keys():
    """The lines of a section that the table has."""
    return re.findall(r"`((?:live|restart|enable-if|schedule|instances) = [^`]+)`", pages.section(README, "I want to"))


def test_every_command(tree, boot):
    box = pages.container(tree, boot)
    typed = commands()
    assert len(typed) >= 20
    for command in typed:
        words = shlex.split(command)
        if words[1] == "-f" and words[0] == "logcat":
            pages.follow(box, tree, command, "10.0.3.9")
            continue
        nothing = "yesterday" in words  # which logcat says by 1, as grep does
        text = "10.0.3.9" if words[0] == "logcat" and "-p" in words and not nothing else \
            "502     /api/orders" if "--where" in words else ""

        def is_right(result):
            return result.returncode == nothing and result.stderr == "" and text in result.stdout
        result = pages.run(box, command, is_right, re.match(pages.ASKS, command))
        assert is_right(result), (command, result.stdout, result.stderr)
    status = box.run("/command/overlog", "status").stdout
    assert re.search(r"^migrate +up .* exit 0", status, re.M) and status.endswith("8 of 8 services up and ready\n"), status
    assert box.stop() == 0


def test_every_key(tree, boot, tmp_path):
    """Each is taken by overlog check, and by boot in a container without the toggle."""
    assert len(keys()) == 5
    apart = {"schedule": "[job]\nrun = true\n", "instances": "[worker]\nrun = sleep 1000\n"}
    text = "[web]\nrun = sleep 1000\n" + "".join(f"{key}\n" for key in keys() if key.split()[0] not in apart)
    text += "".join(apart[key.split()[0]] + key + "\n" for key in keys() if key.split()[0] in apart)
    (tmp_path / "services.conf").write_text(text)
    tree.write("/etc/s6-overlay/services.conf", text)
    result = subprocess.run(["overlog", "check", "-r", tree.path], executable=OVERLOG, capture_output=True, text=True)
    assert result.returncode == 0 and "5 services, 0 errors, 0 warnings" in result.stdout, result.stdout + result.stderr
    box = boot(tree.path, env={"S6_LOGGING": "1", "OVERLOG_SECRETS": "_FILE"})
    wait_for(lambda: "service web is left out" in box.transcript(), what="the toggle")
    assert box.stop() == 0


def test_links_lead_somewhere():
    """From the README and from every page."""
    for page, text in pages.pages().items():
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert os.path.exists(os.path.join(TOP, os.path.dirname(page), link)), (page, link)


def test_the_readme_leads_to_every_page():
    linked = set(re.findall(r"\]\((docs/[^)#]+\.md)", README))
    assert {page for page in pages.pages() if page.startswith("docs/")} == linked
