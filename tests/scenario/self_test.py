"""A service that runs `logcat -f` is not shown its own output, whoever it runs as."""

import pytest

from lib.logs import log_lines

OTHER = "#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9; do echo line $i; sleep 0.05; done\nexec sleep 1000\n"


@pytest.mark.parametrize("user", ["root", "www-data"])
def test_a_viewer_does_not_follow_itself(tree, boot, user):
    tree.longrun("other", OTHER)
    tree.longrun("viewer", f"#!/command/execlineb -P\ns6-setuidgid {user}\nlogcat -f -o raw\n")
    box = boot(tree.path, env={"S6_LOGGING": "2", "OVERLOG_SCRIPT": "m0644 n20 s1000000 C"})

    def viewed():
        return [text for _, stream, _, text in log_lines(tree.at("/var/log/services/viewer")) if stream == "stdout"]
    box.wait_for(lambda: box.exists("/var/log/services/viewer/current") and
                 any("line 9" in text for text in viewed()), what="the other's lines")
    assert box.stop() == 0
    # Those that were written before the viewer began are not shown.
    assert {sum(f"line {i}" in text for text in viewed()) for i in range(1, 10)} <= {0, 1}
