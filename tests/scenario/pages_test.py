"""The trees on the pages about migration boot, before and after, as the pages say."""

import os
import subprocess
from datetime import datetime, timezone

from lib.build import OVERLOG
from lib.logs import log_text
from lib.pages import part


def fill(tree, files):
    for path, content in files.items():
        if os.path.isfile(tree.at(path)):
            os.unlink(tree.at(path))
        tree.write(path, content, 0o755 if path.endswith(".sh") else 0o644)


def test_s6_overlay_before(tree, boot):
    fill(tree, part("migrate-from-s6-overlay.md", "Before"))
    box = boot(tree.path, env={"PORT": "8080", "S6_LOGGING": "0"})
    current = tree.at("/var/log/web/current")
    box.wait_for(lambda: os.path.exists(current) and "serving on 8080\n" in tree.read("/var/log/web/current"))
    assert box.stop() == 0


def test_s6_overlay_after(tree, boot):
    fill(tree, part("migrate-from-s6-overlay.md", "After"))
    box = boot(tree.path, env={"PORT": "8080"})
    box.wait_for_text("serving on 8080\n", "stdout")
    box.wait_for(lambda: log_text(tree.at("/var/log/services/web")) == ["serving on 8080"])
    assert "serving on 8080" in box.run("/command/logcat", "web").stdout
    assert box.stop() == 0


def test_s6_overlay_after_in_one_file(tree, boot):
    fill(tree, part("migrate-from-s6-overlay.md", "After, in one file"))
    box = boot(tree.path, env={"PORT": "8080"})
    box.wait_for(lambda: log_text(tree.at("/var/log/services/web")) == ["serving on 8080"])
    assert box.stop() == 0


def test_supervisord_after(tree, boot):
    fill(tree, part("migrate-from-supervisord.md", "After"))
    box = boot(tree.path, env={"PORT": "8080"})
    for line in ("migrated\n", "serving on 8080\n"):  # of two loggers: in any order
        box.wait_for_text(line, "stdout")
    assert len(box.stdout.text().splitlines()) == 2
    assert box.stop() == 0
    assert log_text(tree.at("/var/log/services/web")) == ["serving on 8080"]  # the console comes first


def test_jobs(tree, boot):
    """The services of the page run what its crontab says."""
    fill(tree, part("jobs.md", "From cron"))
    # Six minutes past every tenth one, where neither is due by itself for some time.
    ahead = (6 - datetime.now(timezone.utc).minute) % 10
    box = boot(tree.path, env={"S6_LOGGING": "1", "TZ": f"HERE-0:{ahead:02}"})
    for name, said in {"backup": "saved as nobody", "sync": "synced"}.items():
        box.wait_for(lambda: "    job: next " in box.run("/command/overlog", "status", name).stdout)
        assert box.run("/command/overlog", "run", name).returncode == 0
        box.wait_for(lambda: log_text(tree.at(f"/var/log/services/{name}")) == [said])
    assert box.stop() == 0


def test_supervisord_before(tmp_path):
    """With the real supervisord."""
    conf = tmp_path / "supervisord.conf"
    conf.write_text(part("migrate-from-supervisord.md", "Before")["etc/supervisord.conf"].replace(
        "/tmp/supervisord.pid", str(tmp_path / "pid")))
    running = subprocess.Popen(["/usr/bin/supervisord", "-c", conf], env={**os.environ, "PORT": "8080"},
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        seen = set()
        while not {"migrated\n", "serving on 8080\n"} <= seen:
            line = running.stdout.readline()
            assert line != "", seen
            seen.add(line)
    finally:
        running.terminate()
        running.wait(60)
        running.stdout.close()


def test_supervisord_before_is_imported(tree, boot, tmp_path):
    """The configuration of the page, through `overlog import`, comes up as the page's own tree does."""
    files = part("migrate-from-supervisord.md", "Before")
    fill(tree, files)
    made = subprocess.run([tree.at("/command/overlog"), "import", "-d", tree.at("/etc/s6-overlay"),
                           tree.at("/etc/supervisord.conf")], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert "[migrate]\ntype = oneshot\n" in tree.read("/etc/s6-overlay/services.conf")
    box = boot(tree.path, env={"PORT": "8080"})
    box.wait_for_text("serving on 8080\n", "stdout")
    assert box.stdout.text() == "migrated\nserving on 8080\n"
    assert box.stop() == 0


def test_a_whole_application(tmp_path):
    """Either form that the page shows can be used: the one is imported without a note, the other has no warning."""
    for path, text in part("migrate-from-supervisord.md", "A whole application").items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    def overlog(*words):
        return subprocess.run(["overlog", *words], executable=OVERLOG, capture_output=True, text=True)
    made = overlog("import", "-d", tmp_path / "made", tmp_path / "etc/supervisord.conf")
    assert (made.returncode, made.stderr) == (0, "")
    for tree in (tmp_path / "made", tmp_path / "etc/s6-overlay"):
        checked = overlog("check", tree)
        assert checked.returncode == 0 and " 0 errors, 0 warnings" in checked.stdout, checked.stdout


def test_systemd_before_is_imported(tree, boot, tmp_path):
    """The units of the page become the services.conf of the page, which boots."""
    units = part("migrate-from-systemd.md", "Before")
    after = part("migrate-from-systemd.md", "After")
    fill(tree, units)
    made = subprocess.run([tree.at("/command/overlog"), "import", "-d", tmp_path, *(tree.at(path) for path in units)],
                          capture_output=True, text=True)
    assert made.returncode == 0 and made.stderr.count("warning: ") == 2, made.stderr
    (path, text), = after.items()
    assert (tmp_path / "services.conf").read_text() == text
    fill(tree, after)
    box = boot(tree.path, env={"PORT": "8080"})
    box.wait_for_text("migrated\n", "stdout")
    box.wait_for_text("serving on 8080\n", "stdout")
    assert box.stop() == 0


def test_shell_before(tree, boot):
    fill(tree, part("migrate-from-shell.md", "Before"))
    box = boot(tree.path, init="/start.sh", env={"PORT": "8080"})
    box.wait_for_text("serving on 8080\n", "stdout")
    box.wait_for_text("worker begins\n", "stdout")


def test_shell_after(tree, boot):
    fill(tree, part("migrate-from-shell.md", "After"))
    box = boot(tree.path, "/start.sh", env={"PORT": "8080"})
    box.wait_for_text("serving on 8080\n", "stdout")
    box.wait_for(lambda: log_text(tree.at("/var/log/services/worker")) == ["worker begins"])
    box.wait_for_text("migrated\n", "stdout")
    assert box.stop() == 0
