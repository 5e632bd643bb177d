"""A root without a shell or any other program than overlog and the service's own."""

import os
import signal

from lib.logs import log_text
from lib.processes import catches


def test_boots_without_a_shell(scratch, boot):
    scratch.oneshot("once", "/bin/helper say once\n")
    scratch.longrun("web", "#!/command/execlineb -P\n/bin/helper tick 3\n", deps=["once"],
                    finish="#!/command/execlineb -S3\n/bin/helper say ${3}-ended-${1}-${2}\n")
    box = boot(scratch.path, env={"S6_LOGGING": "2"})
    folder = scratch.at("/var/log/services/web")
    box.wait_for(lambda: os.path.exists(folder + "/current") and len(log_text(folder)) == 3)
    logs = box.run("/command/logcat", "web")
    assert [line.split("tick ")[1] for line in logs.stdout.splitlines()] == ["1", "2", "3"]
    assert box.stop() == 0
    assert log_text(folder, "stdout") == ["tick 1", "tick 2", "tick 3", "web-ended-0-0"]
    assert log_text(folder, "stderr") == ["web-ended-0-0"]
    assert "once" in log_text(scratch.at("/var/log/services/.init"))


def test_cmd_and_its_code(scratch, boot):
    box = boot(scratch.path, "/bin/helper", "say", "hello", "7")
    assert box.wait() == 7, box.transcript()
    assert box.stdout.text() == "hello\n"


def test_no_user_database_is_needed(scratch, boot):
    os.unlink(scratch.at("/etc/passwd"))
    os.unlink(scratch.at("/etc/group"))
    scratch.longrun("web", "#!/command/execlineb -P\n/bin/helper tick 1\n")
    box = boot(scratch.path, env={"S6_LOGGING": "2"})
    folder = scratch.at("/var/log/services/web")
    box.wait_for(lambda: os.path.exists(folder + "/current") and log_text(folder) == ["tick 1"])
    assert os.stat(folder).st_uid == 32762
    assert box.stop() == 0


def test_a_wait_program_as_cmd_gets_term(scratch, boot):
    box = boot(scratch.path, "/bin/helper", "wait", "told")
    box.wait_for(lambda: any(words == ["/bin/helper", "wait", "told"] and catches(pid, signal.SIGTERM)
                             for pid, words in box.processes().items()))
    assert box.stop() == 0
    assert box.stdout.text() == "told\n"
