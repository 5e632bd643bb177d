"""The tarball of a release in real images: Debian, busybox and nothing at all."""

import fnmatch
import os
import re
import shutil
import subprocess
import tarfile

import pytest
import yaml

from lib.build import OVERLOG, TOP
from lib.wait import wait_for

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("engine")]


def pack(path, umask=0o022):
    subprocess.run([os.path.join(TOP, "release/pack"), OVERLOG, path], check=True, umask=umask)
    return path


@pytest.fixture(scope="module")
def tarball(tmp_path_factory):
    return pack(str(tmp_path_factory.mktemp("release") / "overlog.tar.gz"))


def test_the_same_bytes_again(tarball, tmp_path):
    again = pack(str(tmp_path / "again.tar.gz"), umask=0o077)
    with open(tarball, "rb") as one, open(again, "rb") as other:
        assert one.read() == other.read()


def test_what_is_in_it(tarball):
    with tarfile.open(tarball) as tar:
        members = {m.name: m for m in tar.getmembers()}
    assert all(m.uid == m.gid == 0 and m.mode & 0o022 == 0 for m in members.values() if not m.issym())
    assert "bin" not in members and members["bin/execlineb"].linkname == "/command/execlineb"
    assert members["init"].linkname == "command/overlog" and members["command/overlog"].mode == 0o755
    for name in ("LICENSE", "musl", "zlib"):
        assert members[f"usr/share/doc/overlog/{name}"].size > 500
    assert "usr/share/overlog/syslog/etc/s6-overlay/s6-rc.d/syslogd/run" in members
    assert [name for name in members if "build" in name or name.startswith(("/", "."))] == []


def test_it_is_hardened():
    headers = subprocess.run(["readelf", "-hlW", OVERLOG], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Type:\s+DYN", headers) and "GNU_RELRO" in headers and "INTERP" not in headers
    assert re.search(r"GNU_STACK .* RW ", headers)
    dynamic = subprocess.run(["readelf", "-dW", OVERLOG], capture_output=True, text=True, check=True).stdout
    assert "BIND_NOW" in dynamic and "TEXTREL" not in dynamic


def boots(engine, image):
    box = engine.run(image)
    box.wait_for_log("from the image", 0)
    # It is on the console before it is on disk, and pid 1 may not have heard of what has said it.
    wait_for(lambda: "from the image" in box.exec("/command/logcat", "web").stdout, what="line of logcat")
    wait_for(lambda: box.exec("/command/overlog", "status", "--health", check=False).returncode == 0, what="health")
    assert box.stop() == 0


RUN = "#!/command/execlineb -P\nforeground { s6-echo from the image }\ns6-pause\n"


def context(tmp_path, tarball, dockerfile):
    os.link(tarball, tmp_path / "overlog.tar.gz")
    service = tmp_path / "root/etc/s6-overlay/s6-rc.d/web"
    service.mkdir(parents=True)
    (service / "type").write_text("longrun\n")
    (service / "run").write_text(RUN)
    bundle = tmp_path / "root/etc/s6-overlay/user-bundles.d/user/contents.d"
    bundle.mkdir(parents=True)
    (bundle / "web").write_text("")
    (tmp_path / "Dockerfile").write_text(dockerfile + "COPY root/ /\nENTRYPOINT [\"/init\"]\n")
    return str(tmp_path)


def plain(tree):
    """The busybox root as it was before overlog came into it."""
    for name in ("command", "package", "etc/s6-overlay"):
        shutil.rmtree(tree.at(name))
    for folder, _, files in os.walk(tree.path):
        for path in (os.path.join(folder, name) for name in files):
            if os.path.islink(path) and "command/" in os.readlink(path):
                os.unlink(path)
    return tree.path


@pytest.mark.parametrize("kind", ["scratch", "busybox", "debian"])
def test_an_image(engine, kind, tarball, tmp_path, tree):
    base = {"scratch": "scratch", "busybox": "localhost/overlog-busybox", "debian": "localhost/overlog-debian"}[kind]
    if kind == "busybox":
        engine.import_tree(plain(tree), base)
        engine.images.append(base)
    elif kind == "debian":
        engine.debian()
    check = "" if kind == "scratch" else "COPY root/ /\nRUN /command/overlog check\n"
    engine.build(context(tmp_path, tarball, f"FROM {base}\nADD overlog.tar.gz /\n{check}"), f"localhost/release-{kind}")
    boots(engine, f"localhost/release-{kind}")


def test_the_image_to_copy_from(engine, tarball, tmp_path):
    with open(os.path.join(TOP, "examples/image/Dockerfile")) as file:
        dockerfile = file.read()
    # docker takes no name of a stage that begins with a digit
    stages = re.findall(r"^FROM scratch AS (\S+)", dockerfile, re.M)
    assert len(stages) == 7 and all(re.fullmatch("[a-z][a-z0-9-]*", stage) for stage in stages)
    assert "FROM for-${TARGETARCH}\n" in dockerfile and "for-amd64" in stages
    source = tmp_path / "source"
    source.mkdir()
    (source / "Dockerfile").write_text(dockerfile)
    os.link(tarball, source / "overlog-amd64.tar.gz")
    engine.podman("build", "--isolation", "chroot", "--layers=false", "--target", "for-amd64", "-t", "localhost/overlog",
                  str(source))
    engine.images.append("localhost/overlog")
    engine.build(context(tmp_path, tarball, "FROM scratch\nCOPY --from=localhost/overlog / /\n"), "localhost/copied")
    boots(engine, "localhost/copied")


# --- what only others can run: their syntax, and what they match


def example(name):
    with open(os.path.join(TOP, name)) as file:
        return file.read()


def test_yaml_is_yaml():
    for name in (".github/workflows/ci.yml", "action.yml", "examples/kubernetes/deployment.yaml", "examples/collectors/vector.yaml",
                 "examples/php-nginx/compose.yaml"):
        assert isinstance(yaml.safe_load(example(name)), dict), name


FOLLOWED = "/var/log/services/web/follow/@400000006b0c1fd620032e11.log"
LINE = "2026-11-23T10:55:40.123456789Z stderr P a piece"


def test_collectors_match_our_lines():
    parsers = example("examples/collectors/parsers.conf")
    service, = (pattern.replace("(?<", "(?P<") for pattern in re.findall(r"Regex +(.*)", parsers))
    assert re.search(service, FOLLOWED)["service"] == "web"
    # The pod with this collector has these names, and its group may read them.
    pod = yaml.safe_load(example("examples/kubernetes/deployment.yaml"))["spec"]["template"]["spec"]
    script, = (one["value"] for one in pod["containers"][0]["env"] if one["name"] == "OVERLOG_SCRIPT")
    assert {"m640", "F", "C"} <= set(script.split())
    tail = dict(line.split(maxsplit=1) for line in example("examples/collectors/fluent-bit.conf").split("[INPUT]")[1]
                .split("\n\n")[0].strip().splitlines())
    assert fnmatch.fnmatch(FOLLOWED, tail["Path"])
    assert tail["multiline.parser"] == "cri"  # joins pieces
    assert tail["DB.compare_filename"] == "true"  # an inode is no identity
    vector = yaml.safe_load(example("examples/collectors/vector.yaml"))
    source = vector["sources"]["overlog"]
    assert all(fnmatch.fnmatch(FOLLOWED, path) for path in source["include"])
    assert "fingerprint" not in source  # the default is the first line; an inode is no identity
    remap = vector["transforms"]["lines"]["source"]
    line, service = re.findall(r"r'([^']*)'", remap)
    assert re.search(line, LINE).groupdict() == {
        "time": "2026-11-23T10:55:40.123456789Z", "stream": "stderr", "tag": "P", "log": "a piece"}
    assert re.search(service, FOLLOWED)["service"] == "web"
