"""The verbs of overlog and services.conf: create, remove, graph, doc, check, up."""

import os
import signal
import subprocess

from lib.build import OVERLOG
from lib.wait import wait_for


def run(*words, code=0, **more):
    done = subprocess.run(["overlog", *words], executable=OVERLOG, capture_output=True, text=True, check=False, **more)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def read(path):
    with open(path) as file:
        return file.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def test_create_and_remove(tmp_path):
    tree = str(tmp_path / "tree")
    conf = f"{tree}/services.conf"
    said = run("create", "--section", "longrun", "db", "--run", "postgres -D /db", "--user", "postgres", "-d", tree)
    assert said == f"longrun db: {conf}, in the bundle user\n"
    run("create", "oneshot", "init", "--run", "cd /srv && make", "--depends", "db", "-d", tree, "-q")
    run("create", "longrun", "web", "--run", "httpd -f", "--ready-when", "nc -z localhost 80", "-n", "init", "-b", "-",
        "-R", "never", "--enable-if", "WEB", "-d", tree)
    assert read(conf) == ("[db]\nrun = postgres -D /db\nuser = postgres\n\n[init]\ntype = oneshot\nscript =\n    cd /srv && make\n"
                          "needs = db\n\n[web]\nrun = httpd -f\nneeds = init\nenable-if = WEB\n"
                          "ready = nc -z localhost 80\nrestart = never\nbundle = none\n")
    assert not os.path.exists(f"{tree}/s6-rc.d")
    assert "0 errors, 0 warnings" in run("check", tree)
    assert "exists already as a section" in run("create", "longrun", "web", "-d", tree, code=1)
    run("create", "longrun", "web", "-o", "--run", "lighttpd", "-k", "limits=nofile=5", "--key=cwd=/srv", "-d", tree)
    assert read(conf).endswith("needs = db\n\n[web]\nrun = lighttpd\nlimits = nofile=5\ncwd = /srv\n")
    assert "no key is called limit; did you mean limits" in run("create", "longrun", "x", "-k", "limit=5", "-d", tree, code=100)
    assert "--key is for sections" in run("create", "longrun", "x", "-D", "-k", "cwd=/", "-d", tree, code=100)
    run("create", "longrun", "other", "--dirs", "-n", "web", "-d", tree)
    assert os.path.exists(f"{tree}/s6-rc.d/other/dependencies.d/web")
    assert "other depends on it" in run("remove", "web", "-d", tree, code=1)
    assert run("remove", "-f", "web", "-d", tree) == f"removed web from {conf}\n"
    assert not os.path.exists(f"{tree}/s6-rc.d/other/dependencies.d/web")
    assert "init depends on it" in run("remove", "db", "-d", tree, code=1)
    run("remove", "-f", "db", "-d", tree)
    assert read(conf) == "[init]\ntype = oneshot\nscript =\n    cd /srv && make\nneeds = none\n\n"
    run("remove", "other", "-d", tree)
    assert run("check", tree).endswith("1 service, 0 errors, 0 warnings\n")
    write(f"{tree}/services.conf.d/x.conf", "[x]\nrun = y\nafter = init\n[z]\n")
    assert "nothing" not in run("remove", "init", "-d", tree, "-f")
    assert read(f"{tree}/services.conf.d/x.conf") == "[x]\nrun = y\n[z]\n"
    write(conf, "[a]\nrun x\n[b]\nrun = y\n")
    assert f"{conf}: line 2: there is no = in run x" in run("remove", "b", "-d", tree, code=1)


def test_create_refuses_what_check_refuses(tmp_path):
    conf = f"{tmp_path}/services.conf"
    before = "[x]\nrun = y\nresart = never\n"
    write(conf, before)
    for words, message in ((["-u", "bar", "-k", "user=foo"], "user"), (["-k", "run=foo"], "run"),
                           (["-k", "cwd=/a b"], "cwd: one word is wanted: a directory; put it between double quotes"),
                           (["-k", "max-death-tally=x"], 'fatal: max-death-tally = x: invalid number "x"'), (["-b", "nosuch"], "there is no bundle nosuch"),
                           (["-k", "needs=nosuch"], "undefined service name nosuch")):
        assert message in run("create", "longrun", "foo", "-c", "sleep 1", *words, "-d", str(tmp_path), code=100)
        assert read(conf) == before
    good = "# of web\n[web]\nrun = httpd\n\n# the rest\n"
    write(f"{conf}.d/web.conf", good)
    assert "cwd: one word is wanted" in run("create", "longrun", "web", "-o", "-k", "cwd=/a b", "-d", str(tmp_path), code=100)
    assert read(f"{conf}.d/web.conf") == good
    said = run("create", "longrun", "web", "-o", "-c", "nginx", "-d", str(tmp_path))
    assert said == f"longrun web: {conf}.d/web.conf, in the bundle user\n"
    assert read(f"{conf}.d/web.conf") == "# the rest\n\n[web]\nrun = nginx\n"
    assert read(conf) == before


def test_nothing_is_removed_where_a_list_cannot_be_written(tmp_path):
    tree = str(tmp_path)
    run("create", "longrun", "web", "-qd", tree)
    run("create", "longrun", "db", "-qd", tree)
    write(f"{tree}/s6-rc.d/web/dependencies", "db\nbase\n")
    os.mkdir(f"{tree}/s6-rc.d/web/dependencies.new")  # where the new list is to be written
    said = run("remove", "-f", "db", "-d", tree, code=111)
    assert said.startswith("overlog remove: fatal: unable to write ") and said.count("\n") == 1
    assert os.path.exists(f"{tree}/s6-rc.d/db/run")


def test_a_template_is_removed_under_both_names(tmp_path):
    conf, tree = f"{tmp_path}/services.conf", str(tmp_path)
    write(conf, "[one@]\nrun = x\ninstances = 2\n[a]\nrun = x\nneeds = one@\n[b]\nrun = x\nneeds = one\n")
    write(f"{tmp_path}/s6-rc.d/c/type", "longrun\n")
    write(f"{tmp_path}/s6-rc.d/c/run", "#!/bin/sh\n")
    write(f"{tmp_path}/s6-rc.d/c/dependencies.d/one@", "")
    said = run("remove", "one", "-d", tree, code=1)
    for name in "abc":
        assert f"{name} depends on it" in said
    run("remove", "-f", "one", "-d", tree)
    assert read(conf) == "[a]\nrun = x\nneeds = none\n[b]\nrun = x\nneeds = none\n"
    assert os.listdir(f"{tmp_path}/s6-rc.d/c/dependencies.d") == []


def test_a_link_stays_one(tmp_path):
    conf, tree = f"{tmp_path}/tree/services.conf", f"{tmp_path}/tree"
    write(f"{tmp_path}/real", "[a]\nrun = x\n")
    os.mkdir(tree)
    os.symlink("../real", conf)
    run("create", "longrun", "b", "-c", "y", "-d", tree)
    run("remove", "a", "-d", tree)
    assert os.readlink(conf) == "../real" and read(f"{tmp_path}/real") == "[b]\nrun = y\n"
    os.unlink(f"{tmp_path}/real")
    assert "unable to follow the link" in run("create", "longrun", "b", "-s", "-d", tree, code=111)
    assert os.readlink(conf) == "../real"


SERVICES = """\
# Serves the pages.
[web]
run = httpd -f -p 8080
user = www-data
needs = init

# Makes them.
[init]
once = make
"""


def test_graph_and_doc(tmp_path):
    write(f"{tmp_path}/services.conf", SERVICES)
    for tree in (str(tmp_path), f"{tmp_path}/services.conf"):
        assert [line.split() for line in run("graph", tree).splitlines()] == [
            ["1", "init", "oneshot"], ["2", "web", "longrun", "needs", "init"]]
        page = run("doc", tree)
        for line in ("## web\n\nServes the pages.\n", "- User: www-data\n", "- Ports: 8080\n", "- Depends on: `init`\n",
                     "## init\n\nMakes them.\n"):
            assert line in page
        assert "2 services, 0 errors, 0 warnings" in run("check", tree)


def test_check_of_a_file(tmp_path):
    write(f"{tmp_path}/app.conf", "[web]\nrun = x\nneeds = nothing\n")
    place = f"{tmp_path}/app.conf"
    assert f"{place}:3: error: during dependency resolution" in run("check", place, code=1)
    assert '"line":3' in run("check", "--json", place, code=1)


def test_up_takes_a_file(tmp_path):
    write(f"{tmp_path}/dev.conf", "[web]\nrun = sh -c \"echo serving $WORD; exec sleep 1000\"\n"
                                  "[job]\nscript =\n    pwd\n    exec sleep 1000\n")
    with open(f"{tmp_path}/out", "wb") as out:
        up = subprocess.Popen(["overlog", "up", "dev.conf"], executable=OVERLOG, cwd=tmp_path, stdout=out,
                              env={**os.environ, "WORD": "it"}, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: "serving it" in read(f"{tmp_path}/out") and "[job] " in read(f"{tmp_path}/out"))
    finally:
        up.send_signal(signal.SIGTERM)
        errors = up.communicate(timeout=60)[1]
    assert up.returncode == 0, errors
    assert sorted(os.listdir(tmp_path)) == ["dev.conf", "logs", "out"]
