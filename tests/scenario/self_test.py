"""A service that runs `logcat -f` is not shown its own output, whoever it runs as."""

import re

import pytest

from lib.logs import log_lines

OTHER = "#!/bin/sh\ni=0\nwhile :; do i=$((i+1)); echo line $i.; sleep 0.05; done\n"


@pytest.mark.parametrize("user", ["root", "www-data"])
def test_a_viewer_does_not_follow_itself(tree, boot, user):
    tree.longrun("other", OTHER)
    tree.longrun("viewer", f"#!/command/execlineb -P\ns6-setuidgid {user}\nlogcat -f -o raw\n")
    box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_SCRIPT": "m0644 n20 s1000000 C"})

    def viewed():
        return [text for _, stream, _, text in log_lines(tree.at("/var/log/services/viewer")) if stream == "stdout"]

    def numbers():
        return [number for text in viewed() for number in re.findall(r"line ([0-9]+)\.", text)]
    box.wait_for(lambda: len(numbers()) >= 9, what="the other's lines")
    assert box.stop() == 0
    assert len(set(numbers())) == len(numbers())
