"""The life of a longrun in a real tree: readiness, descriptors, locks, ends."""


def test_readiness_is_never_missed(tree, boot):
    """Many at once: a newline can be there before pid 1 knows that the program was executed."""
    count = 200
    for i in range(count):
        tree.longrun(f"s{i}", "#!/bin/helper ready\n", notification_fd="3\n")
    box = boot(tree.path, "/bin/true", env={"S6_LOGGING": "0", "S6_CMD_WAIT_FOR_SERVICES_MAXTIME": "30000"})
    assert box.wait(60) == 0, box.transcript()
    assert box.stderr.text().count("successfully started") >= count


def stat(box, name, fields="up"):
    return box.run("/command/s6-svstat", "-o", fields, "/run/service/" + name).stdout.strip()


def test_descriptors_leftovers_and_namespaces(tree, boot):
    for number in ("736", "867"):
        tree.longrun("fd" + number, "#!/command/execlineb -P\nforeground { fdmove -c 1 " + number + " echo }\n"
                                    "sleep 1000\n", notification_fd=number + "\n")
    tree.longrun("both", notification_fd="7\n")
    tree.longrun("alone", "#!/bin/sh\necho I am $$\nexec sleep 1000\n", **{"flag-newpidns": ""})
    tree.longrun("locked", "#!/bin/sh\nif [ -e /tmp/once ]; then exec sleep 1000; fi\ntouch /tmp/once\n"
                           "(while [ ! -e /tmp/release ]; do sleep 0.02; done) &\nexit 0\n", lock_fd="9\n")
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    for name in ("fd736", "fd867"):
        box.wait_for(lambda: stat(box, name, "ready") == "true", what=name)
    box.wait_for_text("I am 1\n", "stdout")
    box.wait_for_text("s6-supervise locked: warning: a process of an earlier instance still lives")
    assert stat(box, "locked") == "false"
    box.run("touch", "/tmp/release", check=True)
    box.wait_for(lambda: stat(box, "locked") == "true")
    with open(box.inside("/run/service/both") + "/lock-fd", "w") as file:
        file.write("7\n")
    box.run("/command/s6-svc", "-k", "/run/service/both", check=True)
    box.wait_for_text("s6-supervise both: warning: unable to spawn ./run: notification-fd and lock-fd are both 7")
    # pid 1 of a namespace without a handler is deaf to the down-signal
    box.run("/command/s6-svc", "-Ok", "/run/service/alone", check=True)
    assert box.stop() == 0


def test_why_a_run_cannot_be_executed(tree, boot):
    wrong = {"nox": ("#!/bin/sh\n", 0o644, "it has no x bit (chmod +x)"),
             "crlf": ("#!/bin/sh\r\nexit 0\r\n", 0o755, "its first line ends with CR LF"),
             "strange": ("#!/no/such/shell\n", 0o755, "its interpreter /no/such/shell is missing"),
             "plain": ("exec sleep 1\n", 0o755, "it is not a program and has no #! line"),
             "empty": ("", 0o755, "it is empty"),
             "foreign": (b"\177ELF\2\1\1" + bytes(9) + b"\2\0\xff\0" + bytes(44), 0o755,
                         "it is for another processor architecture")}
    for name, (text, mode, _) in wrong.items():
        tree.write(f"etc/services.d/{name}/run", text, mode)
    box = boot(tree.path, env={"S6_LOGGING": "0"})
    for name, (_, _, why) in wrong.items():
        box.wait_for_text(f"s6-supervise {name}: warning: unable to spawn ./run: unable to execute "
                          f"/run/s6/legacy-services/{name}/run: {why}")
    assert box.stop() == 0
