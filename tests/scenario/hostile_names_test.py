"""Names and texts of others never reach a terminal raw: no control character, no C1, no turned direction of writing."""

import re
import subprocess

from lib.build import OVERLOG

HOSTILE = {"esc": "a\x1b]0;x\x07\x1b[2Jb", "c1": "a\x9b31mb", "turn": "a\u202eb", "raw": b"a\x9b31m\xffb".decode(errors="surrogateescape")}
RAW = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xff")


def run(*words, name="overlog"):
    r = subprocess.run([name, *words], executable=OVERLOG, capture_output=True, timeout=60,
                       env={"PATH": "/usr/bin:/bin", "S6_LOGGING": "2"})
    for text in (r.stdout, r.stderr):
        assert not RAW.search(text), (words, text)
        text.decode()  # it is UTF-8
    return r


def test_names_of_services_and_folders(tmp_path):
    services = tmp_path / "t/s6-rc.d"
    for name in HOSTILE.values():
        (services / name).mkdir(parents=True)
        (services / name / "type").write_text("longrun\n")
        (services / name / "run").write_text(f"#!/bin/sh\n# about <script>alert(1)</script> {name} [x](javascript:y)\n", errors="surrogateescape")
        (services / name / "dependencies").write_text("esc-needed\n")
        (services / name / "timeout-upp").write_text("")
    (services / "esc-needed").mkdir()
    (services / "esc-needed/type").write_text("longrun\n")
    (services / "esc-needed/run").write_text("#!/bin/sh\n")
    assert run("check", tmp_path / "t").returncode == 0
    assert run("check", "--json", tmp_path / "t").returncode == 0
    text = run("graph", tmp_path / "t").stdout
    assert b"a^[]0;x^G^[[2Jb" in text and b"a\\u009b31mb" in text and b"a\\u202eb" in text and b"a\\x9b31m\\xffb" in text
    for form in ("mermaid", "dot"):
        assert b"a^[]0;x^G^[[2Jb" in run("graph", "-f", form, tmp_path / "t").stdout.replace(b"\\\\", b"\\")
    page = run("doc", tmp_path / "t").stdout.decode()
    assert "&lt;script&gt;" in page and "<script" not in page and "\\[x\\](javascript:y)" in page
    for name in HOSTILE.values():
        (services / name / "type").write_text(f"{name}\n", errors="surrogateescape")
        run("create", "longrun", name, "-d", tmp_path / "t", "--run", "true")
        run("remove", name, "-d", tmp_path / "t")
    assert run("check", tmp_path / ("t" + HOSTILE["esc"])).returncode == 1


def test_import(tmp_path):
    for name in HOSTILE.values():
        (tmp_path / "conf").write_text(f"[program:{name}]\ncommand=run\nuser={name}\n{name}=1\n[{name}]\nx=y\nstray {name}\n",
                                       errors="surrogateescape")
        run("import", "-d", tmp_path / "t", tmp_path / "conf")
        run("import", tmp_path / name)


def test_log_directories(tmp_path):
    for name in HOSTILE.values():
        (tmp_path / name).mkdir()
        (tmp_path / name / "current").mkdir()
        run("-l", tmp_path / name, name="logcat")
        run(tmp_path / name, name="logcat")
        run(tmp_path / f"nothere{name}", name="logcat")
        run("-g", name + "(", tmp_path, name="logcat")
        run("-c", "importas", f"{name}", name="execlineb")
        run(f"/nothere/{name}", name="s6-svstat")
        run(tmp_path / name, name="with-contenv")


def test_boot(tree, boot):
    """pid 1 names a service on the console, and status does."""
    name = HOSTILE["esc"]
    tree.longrun(name, "#!/bin/sh\nexec sleep 1000\n")
    box = boot(tree.path, "sh", "-c", "until overlog status; do sleep 0.1; done; overlog status --health",
               env={"S6_LOGGING": "0"})
    box.wait()
    said = (box.stdout.text() + box.stderr.text()).encode()
    assert b"a^[]0;x^G^[[2Jb" in said and not RAW.search(said.replace(b"\r\n", b"\n"))
