"""overlog report: all that a bug report needs, and none of the secrets that were planted everywhere."""

import gzip
import io
import os
import re
import stat
import subprocess
import tarfile

from lib.build import OVERLOG, clean_environment

# In two pieces, so that nobody who looks for lost secrets finds them here.
TOKENS = {
    "aws": "AKI" "AQ7RT2LMZ9XVB4NCK", "github": "gh" "p_q7Rt2LmZ9xVb4NcKe8Ywq7Rt2LmZ9xVb4Nc",
    "slack": "xox" "b-123456789012-q7Rt2LmZ9xVb", "jwt": "ey" "JhbGciOiJIUzI1NiJ9.ey" "JzdWIiOiIxIn0.q7Rt2LmZ9xVb",
    "stripe": "sk" "_live_q7Rt2LmZ9xVb4NcK",
}
ENVIRONMENT = {
    "MAIL_URL": "smtp://mailer:pl4nted-url@mail:25", "APP_KEY": "base64:pl4ntedkey+/=",
    "PLAIN": "visible", "NICK_FILE": "/etc/nick", "OVERLOG_SECRETS": "_FILE", "DB_PASSWORD_FILE": "/etc/visible", "SIGNING_KEY_PEM": "",
}
PEM = "-----BEGIN PRIVATE KEY-----\npl4ntedpemline1pl4ntedpemline1\npl4ntedpemline2\n-----END PRIVATE KEY-----\n"
RUN = """#!/command/with-contenv sh
export API_TOKEN='pl4nted in run'
echo "connecting with $DB_PASSWORD as visible"
echo "the key is {aws} {github}" >&2
echo 'auth: Authorization: Bearer pl4nted.bearer.1' '{{"password":"pl4nted \\"json\\""}}'
echo "bare pl4nted-in-definition shown"
cat /etc/pem
echo "in files: pl4nted-env-file pl4nted-json pl4nted-account pl4nted-var-run"
echo "of a file: pl4nted-by-docker" and "$NICK"
mkdir -p /run/s6/notify/web
echo 'visible status token={slack}' >/run/s6/notify/web/status
exec sh -c 'exec sleep 1000' sh --password pl4nted-option
"""


# What a log shows of them is masked, though nothing there says what it is.
SECRET_FILES = {
    "/run/secrets/app.env": "HOST=a\r\nANYTHING=pl4nted-env-file\r\n",
    "/run/secrets/.json": '{"anything": ["pl4nted-json"]}\n',
    "/run/secrets/kubernetes.io/account/token": "pl4nted-account",
    "/var/run/secrets/other/token": "pl4nted-var-run\n",
}


# Sections of services whose names are a pattern's, and others, whose secrets are known nevertheless.
CONF = """# of all
[otherwise]
once = true
# of the second
[second]
once = true
env = DB_PASSWORD=pl4nted-second
[other-too]
# it has pl4nted-second
once = true
"""


def secrets():
    return [*TOKENS.values(), "pl4nted"]


def fill(tree):
    tree.longrun("web", RUN.format(**TOKENS))
    tree.longrun("other", "#!/bin/sh\necho other is here\nexec sleep 1000\n")
    tree.write("etc/s6-overlay/s6-rc.d/web/env/CLIENT_SECRET", "pl4nted-in-definition\n")
    tree.write("etc/s6-overlay/s6-rc.d/web/data/blob", b"\0pl4nted\0")
    tree.write("etc/s6-overlay/s6-rc.d/web/data/config.yaml", f"stripe: {TOKENS['stripe']}\nprivate_key: |\n  pl4nted block\nport: 80\n")
    tree.script("etc/cont-init.d/10-setup", "#!/bin/sh\n# mysql -u root -ppl4nted-mysql\necho '" + TOKENS["jwt"] + "'\n")
    tree.write("etc/s6-overlay/services.conf", CONF)
    tree.script("etc/services.d/legacy/run", "#!/bin/sh\n# is it pl4nted-by-legacy\nAPI_TOKEN=pl4nted-by-legacy exec sleep 1000\n")
    tree.script("etc/services.d/another/run", "#!/bin/sh\nexec sleep 1000\n")
    tree.write("etc/pem", PEM)
    tree.write("etc/nick", "pl4nted nick\n")
    tree.write("etc/visible", "pl4nted in env\n")


def unpack(data):
    """{name without the folder: bytes} of an archive."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        found = {m.name: tar.extractfile(m).read() for m in tar.getmembers()}
    folders = {name.split("/")[0] for name in found}
    assert len(folders) == 1 and re.fullmatch(r"overlog-report-\d{8}T\d{6}Z", folders.pop())
    return {name.split("/", 1)[1]: text for name, text in found.items()}


def to_stdout(box, *names):
    """The archive, as bytes."""
    return subprocess.run(box.entering("/command/overlog", "report", "-o", "-", *names), capture_output=True, env=box.env,
                          check=True).stdout


def test_no_secret_is_in_the_archive(tree, boot, tmp_path):
    fill(tree)
    box = boot(tree.path, env={"S6_LOGGING": "2", **ENVIRONMENT})
    def logged(name, *words):
        text = box.run("/command/logcat", "-n", "all", name).stdout
        return all(word in text for word in words)

    def shown():
        text = box.run("/command/overlog", "status").stdout
        return "visible status" in text and re.search(r"^web +up", text, re.M)

    # The last words on each stream, and what others say.
    box.wait_for(lambda: logged("web", "the key is", "pl4ntedpemline2", "of a file:") and logged("other", "other is here"), what="logs")
    box.wait_for(shown, what="status text")
    box.wait_for(lambda: " start service=web " in box.read("/var/log/services/.events/current"), what="event")
    assert "pl4nted in env" in box.run("/command/logcat", "web").stdout

    os.mkdir(box.inside("/run/secrets"))
    with open(box.inside("/run/secrets/mounted"), "w") as file:
        file.write("pl4nted-by-docker\r\n")
    for name, text in SECRET_FILES.items():
        os.makedirs(os.path.dirname(box.inside(name)), exist_ok=True)
        with open(box.inside(name), "w") as file:
            file.write(text)
    told = box.run("/command/overlog", "report", "-o", "/tmp/report.tar.gz")
    assert (told.returncode, told.stderr) == (0, "")
    path = tree.at("/tmp/report.tar.gz")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path, "rb") as file:
        data = file.read()
    plain = gzip.decompress(data)
    for secret in secrets():
        at = plain.find(secret.encode())
        assert at < 0, (secret, re.sub(rb'\0+', b' ', plain[at - 400:at + 100]).decode())

    listed = subprocess.run(["tar", "tzvf", path], capture_output=True, text=True, check=True)
    assert listed.stderr == ""
    files = unpack(data)
    assert told.stdout.startswith(f"/tmp/report.tar.gz: {len(files)} files, ")
    assert len(listed.stdout.splitlines()) == len(files)
    assert all(line.startswith("-rw------- root/root ") for line in listed.stdout.splitlines())
    text = {name: body.decode() for name, body in files.items()}

    # What is no secret is there.
    assert text["versions.txt"].startswith("overlog ")
    assert re.search(r"^web +up", text["status.txt"], re.M) and "visible status" in text["status.txt"]
    assert '"name":"web"' in text["status.json"]
    assert "1 service" in text["check.txt"] or "services" in text["check.txt"]
    assert "web is up" in text["why/web.txt"]
    assert "start" in text["logs/.events.txt"] and "web" in text["logs/.events.txt"]
    assert "connecting with [masked] as visible" in text["logs/web.txt"]
    assert "bare [masked] shown" in text["logs/web.txt"]
    assert "in files: [masked] [masked] [masked] [masked]" in text["logs/web.txt"]
    assert "other is here" in text["logs/other.txt"]
    definition = "definitions/etc/s6-overlay/s6-rc.d/web/"
    assert "export API_TOKEN='[masked]'" in text[definition + "run"]
    assert text[definition + "env/CLIENT_SECRET"] == "[masked]\n"
    assert text[definition + "data/blob"] == "(left out: 9 bytes that are no text)\n"
    assert text[definition + "data/config.yaml"] == "stripe: [masked]\nprivate_key: |\n[masked]\nport: 80\n"
    assert "-p[masked]" in text["definitions/etc/cont-init.d/10-setup"]
    environment = text["environment.txt"].splitlines()
    assert {"DB_PASSWORD=[masked]", "NICK=[masked]", "APP_KEY=[masked]", "PLAIN=visible", "MAIL_URL=smtp://[masked]@mail:25",
            "OVERLOG_SECRETS=_FILE"} <= set(environment)
    assert " / " in text["system/mounts.txt"] and "Max open files" in text["system/limits.txt"]
    assert "inodes" in text["system/space.txt"] and ":" in text["system/group.txt"]

    # The list says where, by place and kind.
    masked = text["masked.txt"].splitlines()
    assert "environment.txt: value of DB_PASSWORD" in masked
    assert f"{definition}run:2: value of API_TOKEN" in masked
    assert f"{definition}env/CLIENT_SECRET:1: the file's name is that of a secret" in masked
    assert any(re.fullmatch(r"logs/web\.txt:\d+: GitHub token", line) for line in masked)
    assert any(re.fullmatch(r"logs/web\.txt:\d+: PEM block", line) for line in masked)
    assert f"masked in {len(masked)} places" in told.stdout

    # -n writes nothing, and shows the same.
    before = sorted(os.listdir(tree.path)), sorted(os.listdir(tree.at("/tmp")))
    shown = box.run("/command/overlog", "report", "-n").stdout
    assert (sorted(os.listdir(tree.path)), sorted(os.listdir(tree.at("/tmp")))) == before
    assert re.search(rf"^ +\S+  {definition}run$", shown, re.M) and "\n  environment.txt: value of DB_PASSWORD\n" in shown
    assert not [secret for secret in secrets() if secret in shown]

    # Some services, to stdout; without a name of a file.
    some = to_stdout(box, "oth*")
    files = unpack(some)
    assert "logs/other.txt" in files and "logs/web.txt" not in files and definition + "run" not in files
    assert not [secret for secret in secrets() if secret.encode() in gzip.decompress(some)]
    assert not [name for name in files if "/services.d/" in name]
    assert files["definitions/etc/s6-overlay/services.conf"].decode() == (
        "# of all\n[otherwise]\nonce = true\n[other-too]\n# it has [masked]\nonce = true\n")
    named = {name for name in unpack(to_stdout(box, "legacy")) if name.startswith("definitions/")}
    assert "definitions/etc/services.d/legacy/run" in named
    assert not [name for name in named if "services.conf" in name or "/s6-rc.d/" in name or "another" in name]
    nobody = box.run("/command/overlog", "report", "web", "no-such*")
    assert (nobody.returncode, nobody.stderr) == (1, "overlog report: fatal: no service or log is called no-such*\n")
    assert box.stop() == 0


def test_without_a_container(tmp_path):
    """Nothing runs, and nothing else is there: what can be had is."""
    program = tmp_path / "overlog"
    program.symlink_to(OVERLOG)
    r = subprocess.run([program, "report"], capture_output=True, text=True, cwd=tmp_path, env=clean_environment())
    assert r.returncode == 0, r.stderr
    path = r.stdout.split(":", 1)[0]
    files = unpack((tmp_path / path).read_bytes())
    assert {"versions.txt", "status.txt", "check.txt", "system/mounts.txt", "masked.txt"} <= set(files)
    assert b"(exit code" in files["status.txt"]
    refused = subprocess.run([program, "report", "-o", "/no/such/folder/x"], capture_output=True, text=True, env=clean_environment())
    assert (refused.returncode, refused.stderr) == (
        111, "overlog report: fatal: unable to write /no/such/folder/x: No such file or directory\n")


def test_in_an_image_from_scratch(scratch, boot):
    """No other program is needed."""
    scratch.longrun("web", "#!/command/execlineb -P\nfdmove -c 1 2 /bin/helper say hello\n")
    box = boot(scratch.path, env={"S6_LOGGING": "2"})
    box.wait_for(lambda: box.run("/command/logcat", "web").stdout.count("hello") > 0, what="log")
    assert b"hello" in unpack(to_stdout(box))["logs/web.txt"]
    assert box.stop() == 0
