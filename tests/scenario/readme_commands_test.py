"""What the README shows and tells to type, in a container whose services are those of the README."""

import os
import re
import shlex
import subprocess

from lib.build import OVERLOG, TOP
from lib.wait import wait_for

# What stands for the programs of an image.
PROGRAMS = {
    "php": "#!/bin/sh\n[ \"$2\" != messenger:consume ] || exec sleep 1000\necho migrated\n",
    "php-fpm": "#!/bin/sh\nmkdir -p /tmp/www\necho fine >/tmp/www/health\n"
               "echo '{\"level\":\"error\",\"status\":502,\"path\":\"/api/orders\",\"message\":\"Exception: no database\"}'\n"
               "echo 'Error: pool www: connection to 10.0.3.9 refused' >&2\n"
               "exec busybox httpd -f -p 127.0.0.1:8080 -h /tmp/www\n",
    "nginx": "#!/bin/sh\necho begun\nexec busybox httpd -f -p 127.0.0.1:80 -h /tmp\n",
}


def readme():
    with open(os.path.join(TOP, "README.md")) as file:
        return file.read()


def section(title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", readme(), re.M | re.S).group(1)


def commands():
    """Those of the table, and those that are shown with what they print."""
    cells = re.findall(r"^\|[^|]+\| (.*) \|$", section("I want to"), re.M)
    words = [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]
    typed = [word for word in words if re.match(r"(logcat|overlog|probe) ", word)]
    return typed + [line.split("#")[0] for line in re.findall(r"^\$ docker exec web (.*)$", readme(), re.M)]


def keys():
    """The lines of a section that the table has."""
    return re.findall(r"`((?:live|restart|enable-if|schedule|instances) = [^`]+)`", section("I want to"))


def test_every_command(tree, boot):
    for name, text in PROGRAMS.items():
        tree.write(f"/usr/local/bin/{name}", text, 0o755)
    tree.write("/etc/s6-overlay/services.conf", re.search(r"^```ini\n(.*?)^```", section("Services"), re.M | re.S).group(1))
    box = boot(tree.path, env={"S6_LOGGING": "1", "FEATURE_MIGRATE": "true", "TZ": "UTC",
                               "PATH": "/usr/local/bin:/command:/usr/bin:/bin"})
    box.wait_booted()
    for service, line in (("php-fpm", "10.0.3.9"), ("nginx", "begun")):
        box.wait_for(lambda: line in box.run("/command/logcat", service).stdout, what=f"what {service} writes")
    assert "migrated" in box.run("/command/logcat").stdout
    typed = commands()
    assert len(typed) >= 20
    for command in typed:
        words = shlex.split(command)
        if words[1] == "-f" and words[0] == "logcat":
            follower = box.begin("sh", "-c", command + " >/tmp/followed 2>&1")
            box.wait_for(lambda: "10.0.3.9" in tree.read("/tmp/followed"), what=command)
            follower.kill()
            follower.wait()
            continue
        result = box.run("sh", "-c", command)
        nothing = "yesterday" in words  # which logcat says by 1, as grep does
        assert result.returncode == nothing and result.stderr == "", (command, result.stdout, result.stderr)
        if words[0] == "logcat" and "-p" in words and "yesterday" not in words:
            assert "10.0.3.9" in result.stdout, command
        if "--where" in words:
            assert "502     /api/orders" in result.stdout, command
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
    pages = [os.path.join(TOP, "README.md")]
    pages += [os.path.join(TOP, "docs", name) for name in os.listdir(os.path.join(TOP, "docs")) if name.endswith(".md")]
    for page in pages:
        with open(page) as file:
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read()):
                assert os.path.exists(os.path.join(os.path.dirname(page), link)), (page, link)
