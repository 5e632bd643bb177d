"""What people download: the names of assets, the Debian package, completion in three shells, the step for GitHub."""

import functools
import hashlib
import http.server
import json
import os
import re
import subprocess
import threading

import pytest
import yaml

from lib.build import OVERLOG, TOP, clean_environment

DOCKER = {"amd64", "arm64", "arm", "386", "s390x", "ppc64le"}


def read(name):
    with open(os.path.join(TOP, name)) as file:
        return file.read()


def test_assets_have_the_names_of_docker():
    """ADD overlog-${TARGETARCH}.tar.gz finds one, and so do the stages of the image to copy from."""
    arches = subprocess.run(["sh", "-c", ". release/lib.sh; arches"], cwd=TOP, capture_output=True, text=True, check=True)
    assert set(arches.stdout.split()) == DOCKER
    assert re.search(r'"riscv64 .*" >>release/arches', read(".github/workflows/ci.yml"))
    stages = re.findall(r"^FROM scratch AS for-(\S+)\nADD overlog-(\S+)\.tar\.gz /$", read("examples/image/Dockerfile"), re.M)
    assert {a for a, b in stages if a == b} == DOCKER | {"riscv64"}
    assert "ADD overlog-${TARGETARCH}.tar.gz /" in read("README.md") + read("examples/alpine/Dockerfile")


def test_the_signature_is_looked_at_as_it_is_made():
    """A signature without a key is that of whoever ran the workflow: cosign asks for both names."""
    made = re.search(r"cosign sign-blob --yes --bundle release/(\S+) release/(\S+)\n", read(".github/workflows/ci.yml"))
    told = re.search(r"cosign verify-blob --bundle (\S+) --certificate-identity-regexp '\^https://github\.com/OWNER/overlog/' \\\n"
                     r" +--certificate-oidc-issuer https://token\.actions\.githubusercontent\.com (\S+)\n", read("README.md"))
    assert made.groups() == told.groups()


def test_what_is_linked_in(tmp_path):
    tarball, document = tmp_path / "overlog-amd64.tar.gz", tmp_path / "overlog-amd64.spdx.json"
    tarball.write_bytes(b"x")
    def make():
        subprocess.run(["release/sbom", "amd64", tarball, document], cwd=TOP, check=True, env=clean_environment())
        return document.read_bytes()
    once = make()
    assert make() == once
    told = json.loads(once)
    assert told["spdxVersion"] == "SPDX-2.3" and told["SPDXID"] == "SPDXRef-DOCUMENT"
    packages = {p["name"]: p for p in told["packages"]}
    assert set(packages) == {"overlog", "musl", "zlib"}
    assert packages["overlog"]["checksums"][0]["checksumValue"] == hashlib.sha256(b"x").hexdigest()
    assert packages["overlog"]["packageFileName"] == "overlog-amd64.tar.gz"
    assert all(re.match(r"\d+(:\d+)?\.", packages[name]["versionInfo"]) for name in packages)
    ids = {p["SPDXID"] for p in told["packages"]} | {"SPDXRef-DOCUMENT"}
    for relation in told["relationships"]:
        assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= ids


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The files of the package, unpacked, and its path."""
    made = subprocess.run(["release/deb"], cwd=TOP, capture_output=True, text=True, check=True, env=clean_environment())
    path = made.stdout.strip()
    folder = tmp_path_factory.mktemp("deb")
    subprocess.run(["dpkg-deb", "-x", path, folder], check=True)
    return folder, path


def test_the_package(package):
    folder, path = package
    listed = subprocess.run(["dpkg-deb", "-c", path], capture_output=True, text=True, check=True).stdout
    names = {line.split()[5] for line in listed.splitlines()}
    assert all(" root/root " in line for line in listed.splitlines())
    assert not [name for name in names if name.startswith(("./command", "./init", "./etc", "./package"))]
    for name in ("usr/bin/overlog", "usr/bin/logcat", "usr/share/man/man1/overlog.1.gz", "usr/share/man/man1/logcat.1.gz",
                 "usr/share/bash-completion/completions/overlog", "usr/share/zsh/vendor-completions/_overlog",
                 "usr/share/fish/vendor_completions.d/overlog.fish", "usr/share/doc/overlog/copyright"):
        assert f"./{name}" in names
    version = re.search(r"^VERSION := (\S+)", read("Makefile"), re.M).group(1)
    fields = subprocess.run(["dpkg-deb", "-f", path, "Package", "Version", "Depends"], capture_output=True, text=True, check=True)
    assert fields.stdout == f"Package: overlog\nVersion: {version}\n"
    tree = folder / "tree"
    program = folder / "usr/bin/overlog"
    subprocess.run([program, "create", "longrun", "web", "--run", "sleep 1000", "-d", tree], check=True, capture_output=True)
    checked = subprocess.run([program, "check", tree], capture_output=True, text=True)
    assert (checked.returncode, checked.stdout) == (0, "1 service, 0 errors, 0 warnings\n")
    assert subprocess.run([folder / "usr/bin/logcat", "--help"], capture_output=True).stdout.startswith(b"usage: logcat ")
    sums = subprocess.run(["dpkg-deb", "--ctrl-tarfile", path], capture_output=True, check=True).stdout
    assert hashlib.md5(program.read_bytes()).hexdigest().encode() in sums


def test_the_package_has_the_same_bytes_again(package):
    _, path = package
    with open(path, "rb") as file:
        before = file.read()
    subprocess.run(["release/deb"], cwd=TOP, capture_output=True, check=True, umask=0o077, env=clean_environment())
    with open(path, "rb") as file:
        assert file.read() == before


@pytest.fixture
def shell(package, tmp_path):
    """Runs a shell where the package's programs are found, and a container has two services."""
    folder, _ = package
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/logcat").symlink_to(OVERLOG)
    overlog = tmp_path / "bin/overlog"
    overlog.write_text(f"""#!/bin/bash
[ "$1 $2" != "status --json" ] || exec echo '{{"services":[{{"name":"web"}},{{"name":"worker"}}]}}'
exec -a overlog {OVERLOG} "$@"
""")
    overlog.chmod(0o755)

    def run(*words):
        env = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
        r = subprocess.run(words, capture_output=True, text=True, env=env, cwd=tmp_path, timeout=60)
        assert (r.returncode, r.stderr) == (0, "")
        return [line.split("\t")[0] for line in r.stdout.splitlines()]
    return run, folder / "usr/share"


def test_completion_of_fish(shell):
    run, share = shell

    def complete(line):
        return run("fish", "--no-config", "-c", f"source {share}/fish/vendor_completions.d/overlog.fish; complete -C {line!r}")
    assert {"status", "check", "create", "report"} <= set(complete("overlog "))
    assert complete("overlog wh") == ["why"]
    assert {"--json", "--health", "--help"} <= set(complete("overlog status --"))
    assert complete("overlog why w") == ["web", "worker"]
    assert complete("overlog create ") == ["bundle", "longrun", "oneshot"]
    assert {"web", "worker"} <= set(complete("logcat "))
    assert "--follow" in complete("logcat --f")


def test_completion_of_zsh(shell):
    run, share = shell

    def complete(*words):
        script = f"""
            compadd() {{ shift; print -l -- "$@" }}
            _files() {{ print files "$@" }}
            autoload -U is-at-least
            source {share}/zsh/vendor-completions/_overlog
            words=("$@") CURRENT=$# PREFIX=${{@[-1]}}
            _overlog"""
        return run("zsh", "-f", "-c", script, "zsh", *words)
    assert {"status", "check", "create", "report", "missing"} <= set(complete("overlog", ""))
    assert {"--json", "--health", "--help"} <= set(complete("overlog", "status", "--"))
    assert complete("overlog", "why", "w") == ["web", "worker"]
    assert complete("overlog", "check", "") == ["files -/"]
    assert "--follow" in complete("logcat", "-")
    assert complete("logcat", "") == ["web", "worker", "files -/"]


# --- the step for GitHub


def action(**env):
    inputs = yaml.safe_load(read("action.yml"))["runs"]["steps"]
    assert [step["run"] for step in inputs] == ['"$GITHUB_ACTION_PATH/release/action"']
    given = set(inputs[0]["env"])
    assert set(env) - {"OVERLOG_SERVER", "PATH"} <= given
    return subprocess.run(["sh", "-c", inputs[0]["run"]], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "GITHUB_ACTION_PATH": TOP, **{k: str(v) for k, v in env.items()}})


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "overlog"
    path.symlink_to(OVERLOG)
    return path


def definition(folder, run):
    folder.mkdir(parents=True)
    (folder / "type").write_text("longrun\n")
    (folder / "run").write_text(run)


def test_the_action_says_where(program, tmp_path):
    good, bad = tmp_path / "good", tmp_path / "bad"
    definition(good / "s6-rc.d/web", "#!/bin/sh\nexec sleep 1000\n")
    definition(bad / "s6-rc.d/w,eb", "#!/bin/sh\r\nexec sleep 1000\n")
    r = action(OVERLOG_PATHS=good, OVERLOG_PROGRAM=program)
    assert r.returncode == 0 and "::error" not in r.stdout
    r = action(OVERLOG_PATHS=f"{good} {bad}", OVERLOG_PROGRAM=program)
    assert r.returncode == 1, r.stdout + r.stderr
    assert (f"::error file={bad}/s6-rc.d/w%2Ceb/run,line=1::its first line ends with CR LF%0A"
            "save the file with Unix line ends\n") in r.stdout
    assert r.stdout.count("::error") == 1


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_the_action_takes_a_release_whose_sum_is_right(tmp_path):
    release = tmp_path / "site/owner/overlog/releases/download/v1"
    release.mkdir(parents=True)
    arch = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    subprocess.run([os.path.join(TOP, "release/pack"), OVERLOG, release / f"overlog-{arch}.tar.gz"], check=True)
    data = (release / f"overlog-{arch}.tar.gz").read_bytes()
    definition(tmp_path / "tree/s6-rc.d/web", "#!/bin/sh\nexec sleep 1000\n")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path / "site"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        for digest, code in ((hashlib.sha256(data).hexdigest(), 0), ("0" * 64, 1)):
            (release / "SHA256SUMS").write_text(f"{digest}  overlog-{arch}.tar.gz\n")
            r = action(OVERLOG_PATHS=tmp_path / "tree", OVERLOG_REPOSITORY="owner/overlog", OVERLOG_RELEASE="v1",
                       OVERLOG_SERVER=f"http://127.0.0.1:{server.server_port}")
            assert r.returncode == code, r.stderr
            assert ("1 service, 0 errors" in r.stdout) == (code == 0)
    finally:
        server.shutdown()
        server.server_close()
