"""services.conf: a container in one file behaves as its directories do."""

import os
import subprocess

from lib.build import OVERLOG
from lib.control import svstat
from lib.text import assert_order

SERVICES = """\
# Brings the database up to date.
[migrate]
once = php bin/console doctrine:migrations:migrate --no-interaction
user = www-data

[php-fpm]
run = php-fpm --nodaemonize
needs = migrate

[nginx]
run = nginx -g "daemon off;"
needs = php-fpm
ready = tcp:127.0.0.1:8080
restart = on-failure, 5 in 1m, then exit

[worker]
run = php bin/console messenger:consume async --time-limit=$LIMIT/s
  "$EMPTY" ${LIMIT}
cwd = /tmp
umask = 027
limits = nofile=200
env = COLOR=red "SHADE=dark blue"
user = www-data
bundle = extra
enable-if = LIMIT
stop-timeout = 5s

[extra]
contents = shell

[shell]
script =
    # What is indented is a script.
    if test -n "$LIMIT"; then
        echo "shell $LIMIT" >>/tmp/trace
    fi
    exec sleep 1000
finish = sh -c "echo finish $LIMIT $1 >>/tmp/trace"

[queue@]
instances = $QUEUES
run = sh -c "echo queue $INSTANCE >>/tmp/trace; exec sleep 1000"

[by-hand]
run = sleep 1000
bundle = none

[off]
run = sleep 1000
enable-if =
    LIMIT
    !LIMIT=60
"""

PHP = """#!/bin/sh
{ echo "php $(id -un) $# $*"; case $2 in messenger*) echo "$(pwd) $(umask) $(ulimit -n) $COLOR $SHADE $LIMIT";; esac
} >>/tmp/trace
case $2 in messenger*) exec sleep 1000;; esac
"""


def give_programs(tree):
    tree.script("bin/php", PHP)
    tree.script("bin/php-fpm", '#!/bin/sh\necho "php-fpm $*" >>/tmp/trace\nexec sleep 1000\n')
    tree.script("bin/nginx", '#!/bin/sh\nsleep 0.2\necho "nginx $2" >>/tmp/trace\nexec httpd -f -p 127.0.0.1:8080\n')
    tree.write("tmp/trace", mode=0o666)
    tree.write("etc/s6-overlay/services.conf", SERVICES)


def seen(tree, box):
    """What the programs have written, when all have."""
    box.wait_for(lambda: len(tree.read("tmp/trace").splitlines()) >= 8)
    return sorted(tree.read("tmp/trace").splitlines())


EXPECTED = sorted([
    "php www-data 3 bin/console doctrine:migrations:migrate --no-interaction",
    "php-fpm --nodaemonize",
    "nginx daemon off;",
    "php www-data 6 bin/console messenger:consume async --time-limit=60/s  60",
    "/tmp 0027 200 red dark blue 60",
    "shell 60", "queue 1", "queue 2",
])


def check_box(tree, box):
    box.wait_booted()
    assert seen(tree, box) == EXPECTED
    box.wait_for_text("service nginx successfully started")  # pid 1's messages come through a logger
    text = box.stderr.text()
    assert "fatal" not in text  # nginx is asked before it listens
    assert_order(text, "service migrate successfully started", "service php-fpm: starting",
                 "service php-fpm successfully started", "service nginx: starting", "service nginx successfully started")
    assert "by-hand" not in text and "service off: starting" not in text
    assert box.run("/command/s6-rc", "-u", "change", "by-hand", check=True).returncode == 0
    assert box.read("/run/service/worker/timeout-kill") == "5s\n"
    assert box.stop() == 0
    assert "finish 60 256" in tree.read("tmp/trace")


def test_a_container_in_one_file(tree, boot):
    give_programs(tree)
    before = sorted(os.listdir(tree.at("etc/s6-overlay")))
    box = boot(tree.path, env={"LIMIT": "60", "QUEUES": "2"})
    check_box(tree, box)
    assert sorted(os.listdir(tree.at("etc/s6-overlay"))) == before


def test_a_mistake_ends_the_container(tree, boot):
    tree.longrun("web")
    tree.write("etc/s6-overlay/services.conf", "[db]\nrun = x\nneeds = wbe\nresart = never\n")
    tree.write("etc/s6-overlay/services.conf.d/web.conf", "\n[web]\nrun = y\n")
    box = boot(tree.path)
    assert box.wait() == 1
    text = box.stderr.text()
    place = "/etc/s6-overlay/services.conf"
    for line in (f"{place}:4: no key is called resart; did you mean restart?",
                 f"{place}.d/web.conf:2: duplicate definition: web is already defined in /etc/s6-overlay/s6-rc.d/web; "
                 "keep one of the two, or choose another name",
                 f"{place}:3: during dependency resolution for service db: undefined service name wbe; did you mean web?"):
        assert line in text


def test_an_update_reads_it_again(tree, boot):
    give_programs(tree)
    box = boot(tree.path, env={"LIMIT": "60", "QUEUES": "2"})
    box.wait_booted()
    pid = svstat(box, "pid", "php-fpm")
    tree.write("etc/s6-overlay/services.conf", SERVICES.replace("[by-hand]", "[new]").replace("bundle = none\n", "")
               .replace("--nodaemonize", "--other").replace(":8080", ":8081"))
    done = box.run("/command/s6-rc-update", "-v", "2", "/etc/s6-overlay", check=True)
    assert "is empty" not in done.stderr
    assert "run of php-fpm is another one: it counts from the next start on" in done.stderr
    assert svstat(box, "pid", "php-fpm") == pid != ""
    assert box.run("/command/s6-rc", "-u", "change", "user", check=True).returncode == 0
    assert "up" in box.run("/command/s6-svstat", "/run/service/new", check=True).stdout
    box.run("/command/s6-svc", "-r", "/run/service/php-fpm", check=True)
    box.wait_for(lambda: "php-fpm --other\n" in tree.read("tmp/trace"))
    assert box.run("/command/s6-rc-db", "check", "by-hand").returncode != 0
    assert box.stop() == 0


CHECKED = """\
[checked]
run = sleep 1000
ready = test $X = "a \\"b" -a \\\\$X = "\\\\$X"
live = touch "/tmp/live $X"

[bare]
run = sh -c "echo \\"bare $1 $(env | grep -c ^X=)\\" >>/tmp/trace; exec sleep 1000" sh $X
env = none A=own
ready = sh -c "echo \\"ready \\\\$A $1 $(env | grep -c ^X=)\\" >>/tmp/trace" sh $X
"""


def create(tree, *words):
    subprocess.run(["overlog", "create", "-q", "-s", "longrun", *words, "-d", tree.at("etc/s6-overlay")], executable=OVERLOG,
                   check=True)


def test_variables_are_data_to_checks_and_to_shells(tree, boot):
    tree.write("tmp/trace")
    tree.write("etc/s6-overlay/services.conf", CHECKED)
    create(tree, "job", "-S", "every 1s", "-c", 'for i in 1 2; do echo "got $i"; done >>/tmp/trace; echo "$X ${X}" >>/tmp/trace')
    create(tree, "waiting", "-c", "sleep 100", "-w", 'n=1; test "$n" = 1 && test "$X" != x')
    box = boot(tree.path, env={"X": 'a "b'})
    box.wait_booted()
    for name in ("checked", "bare", "waiting"):
        box.wait_for(lambda name=name: f"service {name} successfully started" in box.stderr.text())
    box.wait_for(lambda: "got 1\ngot 2\na \"b a \"b\n" in tree.read("tmp/trace"))
    box.wait_for(lambda: os.path.exists(tree.at('tmp/live a "b')))
    # A check may succeed before its service has come to its first line.
    box.wait_for(lambda: {'bare a "b 0', 'ready own a "b 0'} <= set(tree.read("tmp/trace").splitlines()))
    assert box.stop() == 0


def test_check_names_the_line(tree):
    tree.write("etc/s6-overlay/services.conf", """[web]
needs = none
run = nosuch -f
user = www-data
limits = nofile=5

[init]
user = www-data
once = nosuch2

[script]
script =
    #!/bin/nosuch3
    x
[shell]
script =
    echo
    cd /tmp; nosuch4
    exec sleep 1
[who]
run = /bin/sleep 5
user = nobodyx
[pair]
run = /bin/sleep 5
user = www-data:nogroupx
[number]
run = /bin/sleep 5
user = 33
[numbers]
run = /bin/sleep 5
user = 33:44
[names]
script =
    pgrep s6-supervise
    exec sleep 1
""")
    for name in ("nosuch2.sh", "nosuch8.2"):
        tree.write(f"/usr/bin/{name}", "", 0o755)
    done = subprocess.run(["overlog", "check", "-r", tree.path], executable=OVERLOG, capture_output=True, text=True,
                          env={"PATH": "/bin"}, check=False)
    assert done.returncode == 1
    assert "nosuch is not found in PATH\n    did you mean nosuch8.2?\n" in done.stdout
    assert "nosuch2 is not found in PATH\n    install it or correct the name\n" in done.stdout
    place = "/etc/s6-overlay/services.conf"
    lines = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert lines[-1].startswith("9 services, ")
    for line in (f"{place}:3: error: the command nosuch is not found in PATH",
                 f"{place}:9: error: the command nosuch2 is not found in PATH",
                 f"{place}:22: error: there is no user nobodyx in /etc/passwd",
                 f"{place}:25: error: there is no group nogroupx in /etc/group",
                 f"{place}:28: error: there is no user 33 in /etc/passwd",
                 f"{place}:13: error: its interpreter /bin/nosuch3 is missing",
                 f"{place}:34: warning: looks for a process called s6-supervise, and services have no such parent"):
        assert line in lines
    assert not any("nothing starts" in line for line in lines)
