"""Variables from files: OVERLOG_SECRETS and with-secrets for secrets, with-envfile for one service."""

import os
import stat

import pytest

ENVIRONMENT = "/run/s6/container_environment"
SECRET = "s3cr3t-value"
PATH = "/run-secrets/hidden-path"


@pytest.fixture
def files(tree):
    tree.write(f"{PATH}/db", SECRET + "\n", mode=0o400)
    tree.write(f"{PATH}/key", "-----BEGIN-----\nline\n-----END-----\n\n")
    tree.write(f"{PATH}/empty", "")
    tree.write(f"{PATH}/large", "x" * 65537)
    tree.write(f"{PATH}/just", "x" * 65536)
    tree.write(f"{PATH}/nul", b"a\0b")
    os.makedirs(tree.at(f"{PATH}/folder"))
    return tree


def names_only(text):
    assert SECRET not in text and "hidden-path" not in text, text


def test_secrets_come_into_the_environment(files, boot):
    files.longrun("web", "#!/command/with-contenv sh\necho \"$DB|$KEY|$EMPTY|$DB_FILE|$FILE__KEY|$LOG_FILE\" >/tmp/web\n"
                         "exec sleep 1000\n")
    files.longrun("plain", "#!/bin/sh\nexec s6-setuidgid 1000:1000 with-contenv sh -c 'echo \"$DB|$OTHER\" >/tmp/plain; exec sleep 1000'\n")
    files.script("/hook", "#!/command/with-contenv sh\necho \"$DB\" >/tmp/hook\n")
    env = {"OVERLOG_SECRETS": "FILE__ _FILE", "DB_FILE": f"{PATH}/db", "FILE__KEY": f"{PATH}/key", "OTHER": "seen",
           "FILE__EMPTY": f"{PATH}/empty", "LOG_FILE": "no-path.log", "JUST_FILE": f"{PATH}/just", "DB": "", "X_FILE": "",
           "S6_STAGE2_HOOK": "/hook"}
    box = boot(files.path, "with-contenv", "sh", "-c", 'echo "$DB" >/tmp/cmd; exec sleep 1000', env=env)
    box.wait_booted()
    box.wait_for(lambda: all(files.read(f"/tmp/{n}") for n in ("web", "plain", "cmd")))
    assert files.read("/tmp/web") == f"{SECRET}|-----BEGIN-----\nline\n-----END-----||||no-path.log\n"
    assert files.read("/tmp/plain") == "|seen\n"  # another user has the rest
    assert files.read("/tmp/hook") == files.read("/tmp/cmd") == SECRET + "\n"
    made = box.inside(f"{ENVIRONMENT}/DB")
    assert stat.S_IMODE(os.stat(made).st_mode) == 0o600
    assert not os.path.exists(box.inside(f"{ENVIRONMENT}/DB_FILE"))
    assert len(box.run("/command/printcontenv", "JUST").stdout) == 65536 + 2
    names_only(box.stderr.text())


def test_off_by_default(files, boot):
    box = boot(files.path, env={"DB_FILE": f"{PATH}/db"})
    box.wait_booted()
    assert box.run("/command/printcontenv", "DB").returncode == 1
    assert box.run("/command/printcontenv", "DB_FILE").stdout == f"{PATH}/db\n\n"


WRONG = {"GONE_FILE": f"{PATH}/hidden", "DIR_FILE": f"{PATH}/folder", "BIG_FILE": f"{PATH}/large", "NUL_FILE": f"{PATH}/nul",
         "BOTH": SECRET, "BOTH_FILE": f"{PATH}/db", "TWO_FILE": f"{PATH}/db", "FILE__TWO": f"{PATH}/db",
         "FILE__REL": "hidden-path/db", "DEV_FILE": "/dev/null"}
SAID = ["GONE_FILE: unable to read the file for GONE: No such file or directory",
        "DIR_FILE: unable to read the file for DIR: Is a directory",
        "BIG_FILE: unable to read the file for BIG: it is too large: at most 65536 bytes",
        "NUL_FILE: the file for NUL holds a NUL byte",
        "DEV_FILE: unable to read the file for DEV: it is not a regular file",
        "BOTH_FILE: BOTH is set as well", "also names a file for TWO", "FILE__REL: it is no absolute path"]


@pytest.mark.parametrize("behaviour", ["0", "2"])
def test_what_is_wrong_is_said_by_name(files, boot, behaviour):
    env = {"OVERLOG_SECRETS": "FILE__ _FILE", "S6_BEHAVIOUR_IF_STAGE2_FAILS": behaviour, "GOOD_FILE": f"{PATH}/db", **WRONG}
    box = boot(files.path, "printcontenv", "GOOD", env=env)
    assert box.wait() == (0 if behaviour == "0" else 1)
    text = box.stderr.text()
    for line in SAID:
        assert line in text, text
    assert text.count("/init: warning: " if behaviour == "0" else "/init: fatal: ") >= len(SAID)
    names_only(text)
    if behaviour == "0":
        assert box.stdout.text() == SECRET + "\n\n"


def test_services_that_see_all_of_the_environment(files, boot):
    files.longrun("web", "#!/bin/sh\necho \"$DB|$DB_FILE\" >/tmp/web\nexec sleep 1000\n")
    box = boot(files.path, env={"OVERLOG_SECRETS": "_FILE", "S6_KEEP_ENV": "1", "DB_FILE": f"{PATH}/db", "FILE__X": "kept"})
    box.wait_booted()
    box.wait_for(lambda: files.read("/tmp/web"))
    assert files.read("/tmp/web") == f"{SECRET}|\n"
    assert stat.S_IMODE(os.stat(box.inside("/run/s6/basedir/env/DB")).st_mode) == 0o600


def test_with_secrets(files, boot):
    files.write("/unused")
    box = boot(files.path, "sleep", "1000")
    box.wait_booted()
    show = ("sh", "-c", 'echo "$DB|$DB_FILE|$FILE__KEY"')

    def run(*words, **env):
        r = box.run("/command/with-secrets", *words, *show, env={"PATH": "/command:/bin", **env})
        names_only(r.stderr)
        return r.returncode, r.stdout, r.stderr

    assert run(DB_FILE=f"{PATH}/db") == (0, f"{SECRET}||\n", "")
    assert run("-a", "FILE__", DB_FILE=f"{PATH}/db") == (0, f"|{PATH}/db|\n", "")
    code, out, err = run(**WRONG)
    assert code == 111 and out == ""
    for line in SAID:
        assert f"with-secrets: fatal: {line}" in err or line in err
    code, _, err = run("-a", "a=b")
    assert code == 100 and "a=b is neither the beginning nor the end of a name" in err
    assert run("-a", "__")[0] == 100


def test_with_envfile(tree, boot):
    tree.write("/app/.env", "# of the application\nA=1\nB='two words'\nC=\"x\\\"y\"\nPATH\nexport D=$A\n")
    tree.write("/app/bad", f"A=1\n{SECRET} words\n")
    tree.longrun("web", "#!/bin/sh\nexec with-envfile /app/.env sh -c 'echo \"$A|$B|$C|$D\" >/tmp/web; exec sleep 1000'\n")
    box = boot(tree.path)
    box.wait_booted()
    box.wait_for(lambda: tree.read("/tmp/web"))
    assert tree.read("/tmp/web") == '1|two words|x"y|$A\n'

    def run(*words):
        r = box.run("/command/with-envfile", *words, env={"PATH": "/command:/bin", "A": "before"})
        names_only(r.stderr)
        return r.returncode, r.stdout, r.stderr

    assert run("/app/.env", "sh", "-c", "echo $A") == (0, "1\n", "")
    assert run("/app/bad", "true") == (111, "", "with-envfile: fatal: /app/bad:2: it is no NAME=VALUE\n")
    assert run("/app/none", "true")[0] == 111
    assert run("-o", "/app/none", "sh", "-c", "echo $A") == (0, "before\n", "")
    assert run("--optional", "/app", "true")[0] == 111
    assert run("/app/.env")[0] == 100
    tree.write("/app/chain", "A=2\nS_FILE=/app/secret\n")
    tree.write("/app/secret", "deep\n")
    # Both in one process, as links of a chain.
    assert run("/app/chain", "with-secrets", "sh", "-c", "echo $A $S") == (0, "2 deep\n", "")
