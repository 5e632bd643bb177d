"""overlog check, create, remove, graph and doc, and s6-cli: on trees that nothing boots."""

import json
import os
import pathlib
import re
import subprocess

import pytest

from lib.build import OVERLOG, TOP
from lib.text import assert_order

D = "/etc/s6-overlay/s6-rc.d"


def overlog(*words, name="overlog", **more):
    env = {"PATH": "/usr/bin:/bin", **more.pop("env", {})}
    return subprocess.run([name, *words], executable=OVERLOG, capture_output=True, text=True, env=env, timeout=30,
                          **more)


def problems(*words, **more):
    """[(level, file:line, text)] and the exit code."""
    r = overlog("check", "--json", *words, **more)
    found = json.loads(r.stdout)
    assert found["errors"] == sum(p["level"] == "error" for p in found["problems"])
    assert len(found["problems"]) == found["errors"] + found["warnings"]
    return [(p["level"], p["file"] + (f":{p['line']}" if "line" in p else ""), p["text"]) for p in found["problems"]], \
        r.returncode


TREES = sorted(str(path) for path in pathlib.Path(TOP, "examples").glob("*/root"))


@pytest.mark.parametrize("example", TREES, ids=lambda path: path.split("/")[-2])
def test_examples_are_good(example):
    assert len(TREES) >= 4
    r = overlog("check", example)
    assert r.returncode == 0 and " 0 errors" in r.stdout and r.stderr == ""
    # Nothing is said of scripts that are right; one has its user bundle where s6-overlay wants it no longer.
    assert [line for line in r.stdout.splitlines() if "warning: " in line and "is deprecated" not in line] == []


def test_what_is_wrong_in_a_whole_root(tree):
    good = tree.longrun("good", "#!/command/with-contenv sh\nexec sleep 1000\n")
    tree.oneshot("up", "/etc/s6-overlay/scripts/up\n")
    tree.script("/etc/s6-overlay/scripts/up", "#!/command/with-contenv sh\n")
    assert problems("-r", tree.path) == ([], 0)
    tree.longrun("crlf", "#!/bin/sh\r\nexec sleep 1\r\n")
    tree.longrun("gone", "#!/usr/bin/python3\n")
    tree.longrun("typo", "#!/command/with-contenw sh\n")
    tree.longrun("second", "#!/command/with-contenv bash\n")
    tree.longrun("env", "#!/usr/bin/env -S FOO=1 perl\n", deps=["base"])
    tree.link("usr/bin/env", "/bin/busybox")
    tree.longrun("bare", "exec sleep 1\n")
    tree.longrun("mark", "\N{ZERO WIDTH NO-BREAK SPACE}#!/bin/sh\n")
    tree.longrun("empty", "")
    tree.longrun("el", '#!/command/execlineb -P\nforeground { echo "a }\n')
    tree.longrun("el2", "#!/usr/bin/execlineb -P\nwith-contenv nothere -v\n")
    tree.longrun("script", logging_script="n20 q5\n")
    tree.longrun("alone", bundle=None)
    tree.oneshot("nox", "/etc/s6-overlay/scripts/nox\n")
    tree.write("/etc/s6-overlay/scripts/nox", "#!/bin/sh\n")
    tree.oneshot("noscript", "/etc/s6-overlay/scripts/nothere\n")
    tree.write("/etc/cont-init.d/10-nox", "#!/bin/sh\n")
    tree.write("/etc/services.d/old/run", "#!/bin/bash\n", 0o755)
    with open(tree.at("/command/overlog"), "rb") as file:
        program = bytearray(file.read(4096))
    program[18] ^= 0x55  # its processor
    tree.longrun("elf", bytes(program))
    found, code = problems("-r", tree.path)
    assert code == 1
    assert sorted(found) == sorted([
        ("error", f"{D}/crlf/run:1", "its first line ends with CR LF"),
        ("error", f"{D}/gone/run:1", "its interpreter /usr/bin/python3 is missing"),
        ("error", f"{D}/typo/run:1", "its interpreter /command/with-contenw is not a command of overlog"),
        ("error", f"{D}/second/run:1", "its interpreter bash is not found in PATH"),
        ("error", f"{D}/env/run:1", "its interpreter perl is not found in PATH"),
        ("error", f"{D}/bare/run:1", "it is not a program and has no #! line"),
        ("error", f"{D}/mark/run:1", "a byte order mark stands before #!"),
        ("error", f"{D}/empty/run", "it is empty"),
        ("error", f"{D}/el/run:2", "syntax error in column 19: unterminated quote"),
        ("error", f"{D}/el2/run", "the command nothere is not found in PATH"),
        ("warning", f"{D}/script/logging-script", "bad logging script: unrecognized directive: q5"),
        ("error", "/etc/s6-overlay/scripts/nox", "it has no x bit"),
        ("error", f"{D}/noscript/up:1", "the command /etc/s6-overlay/scripts/nothere is missing"),
        ("error", "/etc/cont-init.d/10-nox", "it has no x bit"),
        ("error", "/etc/services.d/old/run:1", "its interpreter /bin/bash is missing"),
        ("error", f"{D}/elf/run", "it is for another processor architecture"),
    ])
    # With errors, what is started is not looked at; without, it is a warning.
    for name in ("crlf", "gone", "typo", "second", "env", "bare", "mark", "empty", "el", "el2", "script", "nox",
                 "noscript", "elf"):
        assert overlog("remove", name, "-d", tree.path).returncode == 0
    os.unlink(tree.at("/etc/cont-init.d/10-nox"))
    os.unlink(tree.at("/etc/services.d/old/run"))
    assert problems("-r", tree.path) == (
        [("warning", f"{D}/alone", "nothing starts alone: it is in no bundle that is started")], 0)
    assert os.path.isdir(tree.at(good))
    # A plain user may look at a root as well.
    os.chmod(tree.path, 0o755)
    assert problems("-r", tree.path, user=65534, group=65534, extra_groups=[])[1] == 0


def test_what_boot_refuses(tmp_path):
    tree = tmp_path / "s6-rc.d"
    (tree / "web/dependencies.d").mkdir(parents=True)
    (tree / "web/type").write_text("longrum\n")
    r = overlog("check", tmp_path)
    assert r.returncode == 1
    assert r.stdout == (f"{tree}/web/type:1: error: invalid type: must be oneshot, longrun, or bundle\n"
                        "    write one of the three, and nothing else\n0 services, 1 error, 0 warnings\n")
    assert overlog("check", tree).stdout.replace("/s6-rc.d/..", "").endswith("0 services, 1 error, 0 warnings\n")
    assert problems(tmp_path / "nothere")[1] == 1
    assert overlog("check", "a", "b").returncode == 100
    assert overlog("check", "--nonsense").returncode == 100
    # What other places have is not looked for.
    (tree / "web/type").write_text("longrun\n")
    (tree / "web/run").write_text("#!/opt/nothere/ruby\n")
    assert [level for level, *_ in problems(tmp_path)[0]] == ["warning"]


def test_scripts_that_start_one_another(tree):
    """The kernel takes scripts as interpreters of scripts, five in a row."""
    S = "/etc/s6-overlay/scripts"
    tree.longrun("good", "#!/bin/sh\nexec sleep 1000\n")

    def scripts(**content):
        for name, text in content.items():
            tree.script(f"{S}/{name}", text)

    def check(first):
        tree.longrun("good", f"#!{S}/{first}\n")
        found, code = problems("-r", tree.path)
        assert code == (found != [])
        return found

    scripts(itself=f"#!{S}/itself\n", a=f"#!{S}/b\n", b=f"#!{S}/c\n", c=f"#!{S}/a\n")
    scripts(again=f"#!/command/with-contenv {S}/again2\n", again2=f"#!/command/execlineb -P\n{S}/again $@\n")
    assert check("itself") == [("error", f"{S}/itself:1", f"it starts {S}/itself, which starts it again, for ever")]
    assert check("a") == [("error", f"{S}/c:1", f"it starts {S}/a, which starts it again, for ever")]
    assert check("again") == [("error", f"{S}/again2", f"it starts {S}/again, which starts it again, for ever")]
    chain = {f"s{i}": f"#!{S}/s{i + 1}\n" for i in range(2, 9)}
    scripts(**chain, s9="#!/bin/sh\n")
    deep = "more than 5 scripts are interpreters of one another: the kernel does not execute that"
    assert check("s6") == []  # run, s6, s7, s8, s9
    tree.longrun("another", f"#!{S}/s5\n")  # now s6 to s9 are looked at first, and then further down
    assert [(kind, text) for kind, _, text in check("s6")] == [("error", deep)]
    assert overlog("remove", "another", "-d", tree.path).returncode == 0
    assert [(kind, text) for kind, _, text in check("s5")] == [("error", deep)]
    assert [(kind, text) for kind, _, text in check("s2")] == [("error", deep)]
    many = {f"m{i}": f"#!/command/with-contenv {S}/m{i + 1}\n" for i in range(2000)}
    scripts(**many, m2000="#!/bin/sh\n")
    assert [(kind, text) for kind, _, text in check("m0")] == [
        ("error", "more than 16 scripts start one another: nothing further is looked at")]


def test_no_reader_waits(tree):
    """Fifos in the place of every file of a tree."""
    tree.longrun("web", "#!/bin/sh\nexec sleep 1000\n")
    tree.oneshot("up", "/etc/s6-overlay/scripts/up\n")
    for path in ("/etc/s6-overlay/scripts", "/etc/cont-init.d"):
        os.makedirs(tree.at(path))
    os.unlink(tree.at(f"{D}/web/run"))
    for path in ("/etc/s6-overlay/scripts/up", "/etc/cont-init.d/10-a", f"{D}/up/down",
                 *(f"{D}/web/{name}" for name in ("run", "finish", "dependencies", "timeout-up", "notification-fd",
                                                  "logging-script", "producer-for"))):
        os.mkfifo(tree.at(path))
    found, code = problems("-r", tree.path)
    assert code == 1
    assert {path for _, path, text in found if text.endswith("it is not a regular file")} >= {
        f"{D}/web/{name}" for name in ("timeout-up", "notification-fd", "logging-script", "producer-for")}
    for command in ("doc", "graph"):
        assert overlog(command, "-r", tree.path).returncode == 1
    for name in ("type", "up"):
        os.unlink(tree.at(f"{D}/up/{name}"))
        os.mkfifo(tree.at(f"{D}/up/{name}"))
    assert problems("-r", tree.path)[1] == 1


def test_more_names_than_are_taken(tmp_path):
    """A list of names is looked at in a time that its length does not square."""
    (tmp_path / "s6-rc.d/a").mkdir(parents=True)
    (tmp_path / "s6-rc.d/a/type").write_text("bundle\n")
    (tmp_path / "s6-rc.d/a/contents").write_text("".join(f"{i:x}\n" for i in range(150000)))
    found, code = problems(tmp_path)
    assert code == 1 and [text for _, _, text in found if text.startswith("more than")] == ["more than 32768 names"]


def test_what_scripts_of_a_root_do(tree):
    """What boot cannot see: programs that run as somebody else, in the background, or for another manager."""
    tree.longrun("web", "#!/bin/sh\ncd /www\n\ns6-setuidgid www-data\nhttpd\n")
    tree.longrun("who", "#!/command/execlineb -P\ns6-setuidgid nosuch:nogroupx\n/bin/sleep 1\n")
    tree.longrun("cron", "#!/command/with-contenv bash\n# exec crond -f\nexec crond\n")
    tree.link("bin/bash", "sh")
    tree.longrun("pipe", "#!/command/execlineb -P\nfdmove -c 2 1\nsh -c \"a | b\" |\nlogger\n")
    tree.longrun("node", "#!/usr/bin/env sh\nsleep 0\nhelper serve\n")
    tree.link("usr/bin/env", "/bin/busybox")
    tree.oneshot("migrate", "/etc/s6-overlay/scripts/migrate\n")
    tree.script("/etc/s6-overlay/scripts/migrate", "#!/bin/sh\nsupervisorctl stop web\nsu-exec www-data\n")
    tree.oneshot("variable", "echo ${PORT} done\n")
    tree.oneshot("replaced", "importas -i PORT PORT echo ${PORT} $PORT\n", down='sh -c "echo $PORT"\n')
    tree.oneshot("shell", "echo a && echo b\n")
    tree.script("/etc/cont-init.d/bare", "# of sh, as there is no interpreter\ns6-setuidgid www-data\n")
    tree.script("/etc/cont-init.d/empty", "")
    tree.write("/etc/s6-rc.d/lost/type", "longrun\n")
    tree.write("/etc/s6-overlay/astray/type", "longrun\n")
    tree.script("/etc/services.d/ssh/run", "#!/bin/sh\nexec nginx\n")
    tree.longrun("good", "#!/bin/sh\nexec nginx\n", bundle=None)
    tree.link("bin/nginx", "busybox")
    found, code = problems("-r", tree.path)
    assert code == 0
    away = "goes to the background: it is taken for ended, and started again"
    nginx = 'nginx goes to the background unless its configuration says "daemon off": it is taken for ended, and started again'
    assert sorted(found) == sorted(("warning", place, text) for place, text in [
        (f"{D}/web/run:4", "s6-setuidgid executes no program: it changes nothing for what follows"),
        (f"{D}/web/run:5", f"httpd {away}"),
        (f"{D}/who/run", "s6-setuidgid: there is no user nosuch in /etc/passwd"),
        (f"{D}/who/run", "s6-setuidgid: there is no group nogroupx in /etc/group"),
        (f"{D}/cron/run:3", f"crond {away}"),
        (f"{D}/pipe/run:3", "| is an argument here: execline is no shell"),
        (f"{D}/node/run:3", "helper is not executed in place of the shell, which gets its signals"),
        ("/etc/s6-overlay/scripts/migrate:2", "supervisorctl has no supervisord here to talk to"),
        ("/etc/s6-overlay/scripts/migrate:3", "su-exec executes no program: it changes nothing for what follows"),
        (f"{D}/variable/up", "${PORT} is given to echo as it stands: no shell reads this command line"),
        (f"{D}/shell/up", "&& is given to echo as an argument: no shell reads this command line"),
        ("/etc/cont-init.d/bare:2", "s6-setuidgid executes no program: it changes nothing for what follows"),
        ("/etc/s6-rc.d/lost", "nothing reads a definition here"),
        ("/etc/s6-overlay/astray", "nothing reads a definition here"),
        ("/etc/services.d/ssh/run:2", nginx), (f"{D}/good/run:2", nginx),
        (f"{D}/good", "nothing starts good: it is in no bundle that is started"),
    ])
    # Its configuration may keep it in the foreground, in the root and beside a tree, wherever that build has it.
    for where in ("/etc/nginx", "/usr/local/nginx/conf"):
        tree.write(f"{where}/nginx.conf", "# daemon off;\nuser www;\n  daemon off;\n")
        for words in (["-r", tree.path], [tree.at("/etc/s6-overlay")]):
            assert not [text for *_, text in problems(*words)[0] if "nginx" in text]
        tree.write(f"{where}/nginx.conf", "# daemon off;\nuser www;\n")
        assert [text for *_, text in problems("-r", tree.path)[0] if "nginx" in text] == [nginx, nginx]


def test_services_d_of_an_image(tree):
    """They count, their loggers too; what says that it is ready at its end is no service that a shell stays for."""
    tree.script("/etc/services.d/configure/run", "#!/bin/sh\nload-tables\nfdmove 1 3 printf \"done\\n\"\n")
    tree.write("/etc/services.d/configure/notification-fd", "3\n")
    tree.script("/etc/services.d/syslog/run", "#!/bin/sh\ns6-socklog -d3\n")
    tree.write("/etc/services.d/syslog/log/run", "#!/bin/sh\nsed -u s/a/b/ | logutil-service /log/syslog\n")
    tree.write("/etc/services.d/README", "no service\n")
    for words in (["-r", tree.path], [tree.at("/etc/s6-overlay")]):
        text = overlog("check", *words).stdout.replace(tree.at("/etc/s6-overlay/.."), "/etc")
        assert text == ("/etc/services.d/syslog/run:2: warning: s6-socklog is not executed in place of the shell, which "
                        "gets its signals\n    write exec before it\n"
                        "/etc/services.d/syslog/log/run: error: it has no x bit\n    chmod +x\n"
                        "3 services, 1 error, 1 warning\n"), text


def test_one_cause_one_error(tmp_path):
    tree = tmp_path / "s6-rc.d"
    for name in ("web", "other", "late"):
        (tree / name / "dependencies.d").mkdir(parents=True)
        (tree / name / "run").write_text("#!/bin/sh\nexec sleep 1\n")
    (tree / "web/type").write_text("longrum\n")
    (tree / "other/type").write_text("longrun\n")
    (tree / "other/dependencies.d/web").write_text("")
    (tree / "other/dependencies.d/late").write_text("")
    (tmp_path / "user-bundles.d/user/contents.d").mkdir(parents=True)
    for name in ("web", "other", "late"):
        (tmp_path / "user-bundles.d/user/contents.d" / name).write_text("")
    assert sorted(problems(tmp_path)[0]) == [
        ("error", f"{tree}/late/type", "no file type"),
        ("error", f"{tree}/web/type:1", "invalid type: must be oneshot, longrun, or bundle")]


def colours(*words, **env):
    """What it prints on a terminal."""
    ours, theirs = os.openpty()
    subprocess.run(["overlog", *words], executable=OVERLOG, stdout=theirs, env={"TERM": "xterm", **env}, timeout=30)
    os.close(theirs)
    out = b""
    try:
        while True:
            chunk = os.read(ours, 4096)
            if not chunk:
                break
            out += chunk
    except OSError:
        pass
    os.close(ours)
    return out


@pytest.mark.parametrize("name", ["Dockerfile", "Containerfile"])
def test_the_dockerfile_beside_a_tree(tree, name):
    """Next to the root, or above it as far as the repository reaches; not for the root that we are in."""
    tree.longrun("web", "#!/bin/sh\nexec sleep 1000\n")
    context = os.path.dirname(tree.path)
    found = [("warning", f"{name}:3", "STOPSIGNAL SIGHUP: /init looks for new services on it and does not stop: "
              "the engine waits and kills")]
    for folder in ("app", "app/.git"):
        os.makedirs(os.path.join(context, folder))
    with open(os.path.join(context, name), "w", encoding="utf-8") as file:
        file.write("FROM alpine\nCOPY root/ /\nSTOPSIGNAL SIGHUP\nENTRYPOINT [\"/init\"]\n")
    assert problems("root", cwd=context) == (found, 0)
    assert problems("root/etc/s6-overlay/s6-rc.d", cwd=context) == (found, 0)
    assert problems("-r", "root", cwd=context) == (found, 0)
    text = overlog("check", "root", cwd=context).stdout
    assert f"{name}:3: warning: STOPSIGNAL" in text and "\n    leave STOPSIGNAL out, or say SIGTERM\n" in text
    os.rename(tree.path, os.path.join(context, "app/root"))
    assert problems("app/root", cwd=context) == ([], 0)  # another repository
    os.rename(os.path.join(context, "app/.git"), os.path.join(context, "app/git"))
    assert problems("app/root", cwd=context) == (found, 0)
    assert problems("..", cwd=os.path.join(context, "app/root/etc/s6-overlay/s6-rc.d")) == \
        ([("warning", os.path.join(os.path.realpath(context), f"{name}:3"), found[0][2])], 0)


def test_what_the_dockerfile_makes_uncertain(tree):
    """What the base, another COPY, a chmod or the hook may mend is no error of the tree."""
    def dockerfile(text):
        with open(os.path.join(os.path.dirname(tree.path), "Dockerfile"), "w", encoding="utf-8") as file:
            file.write(text)

    def found():
        return sorted((level, text) for level, _, text in problems(tree.path)[0])

    tree.longrun("web", "#!/bin/sh\nexec nginx\n", deps=["init-config"])
    tree.write(f"{D}/init-end/dependencies.d/web")
    tree.oneshot("fetched", "/etc/s6-overlay/scripts/fetched\n")
    tree.oneshot("plain", "/etc/s6-overlay/scripts/plain\n")
    tree.write("/etc/s6-overlay/scripts/plain", "#!/bin/sh\ntrue\n")
    undefined = "during dependency resolution for service web: undefined service name init-config"
    no_x, gone = "it has no x bit", "the command /etc/s6-overlay/scripts/fetched is missing"
    nginx = 'nginx goes to the background unless its configuration says "daemon off": it is taken for ended, and started again'
    everything = [("error", undefined), ("error", no_x), ("error", "no file type"), ("error", gone), ("warning", nginx)]
    assert found() == sorted(everything) and problems(tree.path)[1] == 1
    dockerfile("FROM alpine\nCOPY overlog/ /\nCOPY root/ /\nENTRYPOINT [\"/init\"]\n")
    assert found() == sorted(everything[:-1])  # the build may bring a configuration
    dockerfile("FROM alpine\nCOPY root/ /\nADD --chmod=755 https://x/y /etc/s6-overlay/scripts/fetched\nENTRYPOINT [\"/init\"]\n")
    assert found() == [("error", undefined), ("error", "no file type")]
    for text in ("FROM ghcr.io/linuxserver/baseimage-alpine:3\nCOPY root/ /\n",
                 "FROM alpine\nCOPY root/ /\nCOPY more/ /\nENTRYPOINT [\"/init\"]\n"):
        dockerfile(text + "RUN chmod +x /etc/s6-overlay/scripts/fetched\n")
        assert found() == [("warning", undefined), ("warning", "no file type")]
        assert problems(tree.path)[1] == 0
        assert "nothing, if the image's base or another COPY has it; else " in overlog("check", tree.path).stdout


def test_who_starts_what_the_hook_chooses(tree):
    tree.longrun("web", bundle=None)
    starts = [("warning", tree.at(f"{D}/web"), "nothing starts web: it is in no bundle that is started")]
    assert problems(tree.path) == (starts, 0)
    with open(os.path.join(os.path.dirname(tree.path), "Dockerfile"), "w", encoding="utf-8") as file:
        file.write("FROM alpine\nENV S6_STAGE2_HOOK=/hook\nENTRYPOINT [\"/init\"]\n")
    assert problems(tree.path) == ([], 0)
    assert problems("-r", tree.path)[0] != []
    assert problems("-r", tree.path, env={"S6_STAGE2_HOOK": "/hook"}) == ([], 0)


def test_commands_that_an_image_misses(tree):
    def missing(root=tree.path):
        r = overlog("missing", root)
        return r.returncode, r.stdout, r.stderr

    tree.longrun("web", "#!/bin/sh\n# s6-sudo\nexec s6-notifyoncheck s6-setuidgid www-data httpd\n")
    tree.script("/usr/bin/nothing", "#!/bin/sh\npgrep -f 's6-supervise web'\necho proxy-server\nseekablepipes\nxs6-sudo\nsed -i 's|s6-supervise a|s6-supervise b|' c\n")
    tree.write("/usr/share/doc/text", "s6-sudo\n")
    tree.link("/loop", "/")
    assert missing() == (0, "", "")
    tree.longrun("net", "#!/command/execlineb -P\ns6-tcpserver 0.0.0.0 80 /bin/cat\n")
    tree.oneshot("lock", "/command/seekablepipe s6-sudo/x true\n")
    tree.script("/etc/cont-init.d/x", "#!/bin/sh\ns6-sudo a\n  seekablepipe b\ns6-sudo c\n")
    code, text, error = missing()
    assert (code, error) == (1, "")
    assert [line.split("\t")[:2] for line in text.splitlines()] == [
        ["/etc/cont-init.d/x:2", "s6-sudo"], ["/etc/cont-init.d/x:3", "seekablepipe"],
        [f"{D}/lock/up:1", "seekablepipe"], [f"{D}/lock/up:1", "s6-sudo"], [f"{D}/net/run:2", "s6-tcpserver"]]
    assert "\tsocat, or the s6-networking package" in text
    tree.script("/usr/bin/s6-tcpserver", "#!/bin/sh\n")
    assert "s6-tcpserver" not in missing(tree.path + "//")[1]
    assert overlog("missing").stdout.count("\t") > 50
    assert missing("/nowhere")[0] == 111 and missing("/etc/passwd")[0] == 100
    assert overlog("missing", "-x").returncode == overlog("missing", "a", "b").returncode == 100


def test_colours_are_for_terminals():
    assert b"\x1b[31merror" in colours("check", "/nothere")
    assert b"\x1b" not in colours("check", "/nothere", NO_COLOR="1")
    assert b"\x1b" not in colours("check", "/nothere", TERM="dumb")


def test_create_and_remove(tmp_path):
    def run(*words):
        return overlog(*words, cwd=tmp_path)
    assert run("create", "longrun", "db", "--run", "exec redis --port 6379", "-d", "t").returncode == 0
    assert run("create", "oneshot", "migrate", "-d", "t", "--run", "./a && ./b", "--user", "www-data", "--depends",
               "db").returncode == 0
    assert run("create", "--run=nginx -g 'daemon off;'", "--user=www-data", "longrun", "-d", "t", "web", "-n",
               "migrate", "-n", "db", "--ready-when", "wget -q localhost").returncode == 0
    assert run("create", "bundle", "all", "-n", "web", "-d", "t", "-b", "-").returncode == 0
    assert run("create", "longrun", "empty", "-d", "t", "--restart", "on-failure, 5 in 1m, then exit").returncode == 0
    assert run("check", "t").stdout == "4 services, 0 errors, 0 warnings\n"
    read = {str(p.relative_to(tmp_path / "t")): p.read_text() for p in (tmp_path / "t").rglob("*") if p.is_file()}
    assert read["s6-rc.d/db/run"] == "#!/command/with-contenv sh\nexec redis --port 6379\n"
    assert read["scripts/migrate"] == "#!/command/with-contenv sh\nexec s6-setuidgid www-data sh -c './a && ./b'\n"
    assert read["s6-rc.d/migrate/up"] == "/etc/s6-overlay/scripts/migrate\n"
    assert read["s6-rc.d/web/run"] == ("#!/command/with-contenv sh\nexec s6-notifyoncheck -d -n 0 "
                                       "s6-setuidgid www-data nginx -g 'daemon off;'\n")
    assert read["s6-rc.d/web/data/check"] == "#!/command/with-contenv sh\nwget -q localhost\n"
    assert read["s6-rc.d/web/notification-fd"] == "3\n"
    assert read["s6-rc.d/empty/restart"] == "on-failure, 5 in 1m, then exit\n"
    assert "\n- Restart: `on-failure, 5 in 1m, then exit`\n" in run("doc", "t").stdout
    assert {"s6-rc.d/web/dependencies.d/" + n for n in ("base", "db", "migrate")} == {
        p for p in read if p.startswith("s6-rc.d/web/dep")}
    assert {p for p in read if p.startswith("user-bundles.d")} == {"user-bundles.d/user/type"} | {
        "user-bundles.d/user/contents.d/" + n for n in ("db", "migrate", "web", "empty")}
    for wrong, code in ((["longrun", "db"], 1), (["longrun", "x", "-n", "nothere"], 1), (["longrun", "top"], 1),
                        (["longrun", "a/b"], 100), (["longrun", ".a"], 100), (["longrun"], 100),
                        (["shortrun", "x"], 100), (["bundle", "x", "--run", "y"], 100),
                        (["oneshot", "x", "--ready-when", "y"], 100)):
        assert run("create", *wrong, "-d", "t").returncode == code, wrong
    for words, said in ((["shortrun", "x"], 'there is no type "shortrun": longrun, oneshot or bundle'),
                        (["bundle", "x", "--user", "y"], "a bundle runs nothing: --user is for longruns and oneshots"),
                        (["oneshot", "x", "-w", "y"], "--ready-when is for longruns: a oneshot is ready when it has ended"),
                        (["oneshot", "x", "--restart", "never"], "--restart is for longruns: nothing else is started again"),
                        (["longrun", "x", "-R", "5 in 1m"], '--restart: invalid word "5 in 1m"; begin with always, on-failure or never'),
                        (["longrun", "top"], "top is a name of overlog itself: choose another one"),
                        (["longrun", "db"], "t/s6-rc.d/db exists already: --overwrite replaces it, or choose another name")):
        r = run("create", *words, "-d", "t")
        assert (r.stdout, r.stderr) == ("", f"overlog create: fatal: {said}\n")
    r = run("create", "longrun", "db", "-o", "--run", "other", "-d", "t")
    assert (r.returncode, r.stdout, r.stderr) == (0, "longrun db: t/s6-rc.d/db/run, in the bundle user\n", "")
    assert run("create", "oneshot", "migrate", "-od", "t", "-b", "-", "--run", "./a && ./b", "--user", "www-data", "-n",
               "db").stdout == "oneshot migrate: t/scripts/migrate, in no bundle\n"
    assert run("create", "bundle", "all", "-o", "-n", "web", "-d", "t", "-b", "-").stdout == \
        "bundle all: t/s6-rc.d/all/contents.d, in no bundle\n"
    assert run("create", "longrun", "still", "-qd", "t").stdout == run("remove", "still", "-qd", "t").stdout == ""
    assert (tmp_path / "t/s6-rc.d/db/run").read_text().endswith("exec other\n")

    r = run("remove", "db", "-d", "t")
    assert r.returncode == 1 and re.findall(r"(\S+) depends on it", r.stderr) == ["migrate", "web"]
    assert run("remove", "web", "-d", "t").returncode == 1  # a bundle holds it
    r = run("remove", "db", "-f", "-d", "t")
    assert (r.returncode, r.stdout, r.stderr) == (0, "removed t/s6-rc.d/db\n", "")
    assert run("remove", "migrate", "--force", "-d", "t").returncode == 0
    assert not (tmp_path / "t/scripts/migrate").exists()
    assert run("check", "t").stdout == "2 services, 0 errors, 0 warnings\n"
    assert run("remove", "db", "-d", "t").returncode == 1
    # Where there is a user bundle of the old kind, it is used; lists are files too.
    (tmp_path / "t/s6-rc.d/user").mkdir()
    (tmp_path / "t/s6-rc.d/user/type").write_text("bundle\n")
    assert run("create", "longrun", "late", "-d", "t").returncode == 0
    assert (tmp_path / "t/s6-rc.d/user/contents.d/late").exists()
    (tmp_path / "t/s6-rc.d/web/dependencies.d/base").unlink()
    (tmp_path / "t/s6-rc.d/web/dependencies.d").rmdir()
    (tmp_path / "t/s6-rc.d/web/dependencies").write_text("# one\n late\nempty\n")
    assert run("remove", "late", "-d", "t").returncode == 1
    assert run("remove", "late", "-fd", "t").returncode == 0
    assert (tmp_path / "t/s6-rc.d/web/dependencies").read_text() == "# one\nempty\n"
    assert run("check", "t").returncode == 0


@pytest.mark.parametrize("command, output, code", [("exit 3", "", 3), ("A='b 4' eval 'exit ${A#b }'", "", 4), ("umask", "0022\n", 0),
                                                   (r'''echo "a\"b"; echo second "c"''', 'a"b\nsecond c\n', 0)])
def test_created_scripts_do_what_was_given(tmp_path, command, output, code):
    """Whether or not a program of that name is to be executed."""
    overlog("create", "oneshot", "x", "-D", "-d", "t", "-c", command, cwd=tmp_path)
    r = subprocess.run(["sh", "t/scripts/x"], cwd=tmp_path, umask=0o022, stdout=subprocess.PIPE, text=True)
    assert (r.stdout, r.returncode) == (output, code), (tmp_path / "t/scripts/x").read_text()


def test_pictures(tmp_path):
    for words in (["longrun", "a"], ["longrun", 'b"q', "-n", "a"], ["longrun", "idle", "-b", "-"]):
        assert overlog("create", *words, "-d", tmp_path).returncode == 0
    (tmp_path / "s6-rc.d/a/run").write_text("#!/bin/sh\n# Serves\n#  pages.\nexec s6-setuidgid nobody httpd -p 8080\n")
    text = overlog("graph", tmp_path).stdout
    assert text == "  1  a                 longrun\n     idle              longrun  (not started)\n" \
                   '  2  b"q               longrun  needs a\n'
    mermaid = overlog("graph", "--format=mermaid", tmp_path).stdout
    assert mermaid.startswith("flowchart TD\n") and '["b#quot;q"]' in mermaid and '["idle"]:::idle' in mermaid
    dot = overlog("graph", "-f", "dot", tmp_path).stdout
    assert '[label="b\\"q", shape=box]' in dot and dot.endswith("}\n")
    edges = re.findall(r"n(\d+) -> n(\d+);", dot)
    names = dict(re.findall(r"n(\d+) \[label=\"(.*?)\", s", dot))
    assert [(names[x], names[y]) for x, y in edges] == [('b\\"q', "a")]
    assert overlog("graph", "-f", "svg", tmp_path).returncode == 100
    page = overlog("doc", tmp_path, env={"OVERLOG_DIR": "/logs"}).stdout
    assert "## a\n\nServes pages.\n\n- Service, started with the container\n- Depends on: `base`\n" \
           '- Needed by: `b"q`\n- User: nobody\n- Ports: 8080\n- Log: `/logs/a`\n' in page
    (tmp_path / "s6-rc.d/a/type").write_text("x")
    r = overlog("graph", tmp_path)
    assert (r.returncode, r.stdout) == (1, "") and "s6-rc.d/a/type:1: invalid type" in r.stderr


def test_s6_cli(tmp_path):
    def cli(*words):
        return overlog("--root-path", tmp_path / "s6-rc.d", *words, name="s6-cli")
    (tmp_path / "s6-rc.d").mkdir()
    r = cli("create", "longrun", "web")
    assert (r.returncode, r.stdout, r.stderr) == (0, "created web\n", "")
    assert cli("c", "oneshot", "first").returncode == 0
    assert (tmp_path / "scripts/first").exists()
    assert cli("create", "longrun", "web").returncode == 1
    assert cli("create", "-o", "longrun", "web").returncode == 0
    assert cli("lint").returncode == 0
    assert re.fullmatch(r"```mermaid\nflowchart TD\n.*\n```\n", cli("mermaid").stdout, re.S)
    assert cli("rm", "web").stdout == "removed web\n"
    assert not (tmp_path / "s6-rc.d/web").exists()
    (tmp_path / "s6-rc.d/first/type").write_text("x\n")
    assert cli("l").returncode == 1
    assert cli("frobnicate").returncode == 100 and cli().returncode == 100


def complete(*words, cwd):
    """What bash offers for the last word."""
    script = f"""
        source {TOP}/command/overlog.bash
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _overlog overlog "${{@: -1}}" "${{@: -2:1}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    p = subprocess.run(["bash", "-c", script, "bash", "overlog", *words], capture_output=True, text=True, timeout=30,
                       cwd=cwd, env={"PATH": f"{cwd}/bin:/usr/bin:/bin"})
    assert p.stderr == ""
    return p.stdout.split()


def test_completion(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/overlog").symlink_to(OVERLOG)
    for name in ("web", "worker"):
        assert overlog("create", "longrun", name, "-d", "t", cwd=tmp_path).returncode == 0
    assert {"create", "check", "status", "s6-svc", "--help"} <= set(complete("", cwd=tmp_path))
    assert complete("gr", cwd=tmp_path) == ["graph"]
    assert complete("graph", "-f", "", cwd=tmp_path) == ["text", "mermaid", "dot"]
    assert {"--json", "--health", "--run", "--help"} <= set(complete("status", "--", cwd=tmp_path))
    assert complete("create", "", cwd=tmp_path) == ["longrun", "oneshot", "bundle"]
    assert complete("create", "--restart", "o", cwd=tmp_path) == complete("create", "-R", "o", cwd=tmp_path) == ["on-failure"]
    assert complete("remove", "-d", "t", "", cwd=tmp_path) == ["web", "worker"]
    assert complete("remove", "--dir", "t", "wo", cwd=tmp_path) == ["worker"]
    assert sorted(complete("remove", "-d", "", cwd=tmp_path)) == ["bin", "t"]
    assert complete("create", "-d", "t", "-n", "wo", cwd=tmp_path) == ["worker"]
    assert complete("check", "t/s", cwd=tmp_path) == ["t/s6-rc.d"]


def test_what_was_created_boots(tree, boot):
    def create(*words):
        r = overlog("create", *words, "-d", tree.at("/etc/s6-overlay"))
        assert r.returncode == 0, r.stderr
    create("oneshot", "prepare", "--run", "echo ready >/tmp/prepared; id -un >>/tmp/prepared")
    create("longrun", "web", "--run", "echo $GREETING; sleep 0.2; : >/tmp/serving; exec sleep 1000", "--user", "www-data",
           "--depends", "prepare", "--ready-when", "test -e /tmp/serving")
    create("longrun", "idle", "--run", "test -e /tmp/serving && exec sleep 1000", "--user", "nobody", "-n", "web")
    create("bundle", "all", "-n", "web", "-n", "idle", "-b", "-")
    box = boot(tree.path, env={"GREETING": "hello"})
    box.wait_for(lambda: box.run("/command/overlog", "status", "-H").returncode == 0)
    # As in a Dockerfile: the default tree, in the root that it is for.
    r = box.run("/command/overlog", "check")
    assert (r.returncode, r.stdout, r.stderr) == (0, "3 services, 0 errors, 0 warnings\n", "")
    assert box.read("/tmp/prepared") == "ready\nroot\n"
    box.wait_for_text("hello\n", "stdout")
    for name, user in (("web", 33), ("idle", 65534)):
        row = json.loads(box.run("/command/overlog", "status", "--json", name).stdout)["services"][0]
        box.wait_for(lambda: box.run("/bin/stat", "-c", "%u", f"/proc/{row['pid']}").stdout == f"{user}\n", what=f"user of {name}")
        assert row["restarts"] == 0 and (row["ready_milliseconds"] is not None or name == "idle")
    assert_order(box.stderr.text(), "service prepare successfully started", "service web: starting",
                         "service web successfully started", "service idle: starting")
    box.wait_booted()
    assert box.run("/command/s6-rc", "-d", "change", "all").returncode == 0
    box.wait_for(lambda: json.loads(box.run("/command/overlog", "status", "--json").stdout)["well"], what="all well")
    assert box.stop() == 0
