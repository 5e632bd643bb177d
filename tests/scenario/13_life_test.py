"""The life of a longrun in a real tree: readiness, descriptors, locks, ends."""


def test_readiness_is_never_missed(tree, boot):
    """Many at once: a newline can be there before pid 1 knows that the program was executed."""
    count = 200
    for i in range(count):
        tree.longrun(f"s{i}", "#!/bin/helper ready\n", notification_fd="3\n")
    box = boot(tree.path, "/bin/true", env={"S6_LOGGING": "0", "S6_CMD_WAIT_FOR_SERVICES_MAXTIME": "30000"})
    assert box.wait(60) == 0, box.transcript()
    assert box.stderr.text().count("successfully started") >= count
