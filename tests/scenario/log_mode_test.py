"""mMODE in the script opens log directories to readers, those of an earlier boot and .events too."""

import os
import stat


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_a_mode_opens_what_is_there(tree, boot):
    tree.longrun("web", "#!/bin/sh\necho said\nexec sleep 1000\n")
    for name, owner in (("web", 32762), ("foreign", 1)):
        path = tree.at(f"/var/log/services/{name}")
        os.makedirs(path)
        os.chmod(path, 0o700)
        with open(path + "/current", "w", encoding="utf-8") as file:
            file.write("2026-11-23T10:55:40.123456789Z stdout F before\n")
        os.chmod(path + "/current", 0o700)  # closed cleanly
        os.chown(path, owner, owner)
        os.chown(path + "/current", owner, owner)
    tree.longrun("own", "#!/bin/sh\necho nothing\necho login failed\nexec sleep 1000\n")
    tree.write("/etc/s6-overlay/s6-rc.d/own/logging-script", '- "+login failed" n1 s268435455 C /var/log/fail2ban/own + n20 C\n')
    box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_SCRIPT": "m0644 n20 s1000000 F C"})
    web = tree.at("/var/log/services/web")
    box.wait_for(lambda: os.path.exists(web + "/current") and "said" in open(web + "/current").read())
    for name in ("web", ".init", ".events"):
        path = tree.at(f"/var/log/services/{name}")
        box.wait_for(lambda: os.path.exists(path + "/current") and (mode(path), mode(path + "/current")) == (0o755, 0o644), what=f"mode of {name}")
    assert "before" in open(web + "/current").read()
    # The second names, of a file of an earlier boot, too.
    for name in ("web", ".init"):
        follow = tree.at(f"/var/log/services/{name}/follow")
        box.wait_for(lambda: mode(follow) == 0o755, what=f"mode of the second names of {name}")
        assert [os.path.samefile(f"{follow}/{file}", f"{follow}/../current") for file in os.listdir(follow)] == [True]
    # A directory for some lines, for who cannot follow rotation.
    some = tree.at("/var/log/fail2ban/own/current")
    box.wait_for(lambda: os.path.exists(some) and open(some).read().endswith(" login failed\n"), what="line")
    assert open(some).read().count("\n") == 1
    box.wait_for(lambda: " boot " in tree.read("/var/log/services/.events/current"), what="event")
    read = box.run("/bin/sh", "-c", "cat /var/log/services/web/current && cat /var/log/services/.events/current", user=1)
    assert read.returncode == 0 and "said" in read.stdout and "boot" in read.stdout
    assert mode(tree.at("/var/log/services/foreign")) == 0o700
    assert box.stop() == 0
