"""overlog import: the shapes that supervisord.conf and Procfile come in, and a tree of it that boots."""

import os
import subprocess

import pytest

import harness

OVERLOG = os.path.join(harness.BUILD, "overlog")
WORKDIR = 'cd "$(cat /run/s6/workdir)" || exit 1\n'


@pytest.fixture
def take(tmp_path):
    """take(text): {path: content} of the tree, and what was said; check passes it."""
    def run(text, name="supervisord.conf", code=0):
        (tmp_path / name).write_text(text)
        r = subprocess.run([OVERLOG, "import", "-d", "t", name], cwd=tmp_path, capture_output=True, text=True,
                           timeout=60)
        assert r.returncode == code, r.stderr
        tree = tmp_path / "t"
        files = {str(p.relative_to(tree)).replace("s6-rc.d/", ""): p.read_text() for p in tree.rglob("*") if p.is_file()}
        if code == 0:
            c = subprocess.run([OVERLOG, "check", "t"], cwd=tmp_path, capture_output=True, text=True)
            assert c.returncode == 0, c.stdout
            for path, content in files.items():
                if content.startswith("#!"):
                    subprocess.run(["sh", "-n"], input=content, text=True, check=True)
        return files, r.stderr
    return run


def run_of(files, name):
    """The lines of run without shebang and comments."""
    lines = files[f"{name}/run"].splitlines(keepends=True)
    assert lines[0] == "#!/command/with-contenv sh\n"
    return "".join(line for line in lines if not line.startswith("#"))


def started(files):
    return {p.rsplit("/", 1)[1] for p in files if p.startswith("user-bundles.d/user/contents.d/")}


def needs(files, name):
    return {p.rsplit("/", 1)[1] for p in files if p.startswith(f"{name}/dependencies.d/")} - {"base"}


def test_two_programs_on_the_console(take):
    files, said = take("[supervisord]\nnodaemon=true\nlogfile=/dev/null\n\n[program:cron]\ncommand=/usr/sbin/cron -f\n"
                       "autorestart=true\nstdout_logfile=/dev/fd/1\nstdout_logfile_maxbytes=0\n\n"
                       "[program:app]\ncommand=gunicorn site.wsgi --bind 0.0.0.0:80\ndirectory=/srv/app\n"
                       "autorestart=true\nstdout_logfile=/dev/stdout\nstderr_logfile=/dev/stderr\n")
    assert said == "" and started(files) == {"cron", "app"}
    assert run_of(files, "cron") == WORKDIR + "exec /usr/sbin/cron -f\n"
    assert run_of(files, "app") == "cd /srv/app || exit 1\nexec gunicorn site.wsgi --bind 0.0.0.0:80\n"
    assert files["app/timeout-kill"] == "10000\n"
    assert not {p for p in files if p.endswith(("finish", "logging-script", "import-notes"))}


def test_a_worker_in_several_processes(take):
    files, _ = take("[program:queue]\nprocess_name=%(program_name)s_%(process_num)02d\nnumprocs=2\nnumprocs_start=1\n"
                    "command=php artisan queue:work --n=%(process_num)d\nautorestart=true\nuser=www-data\n"
                    "stopasgroup=true\nstopwaitsecs=3600\nredirect_stderr=true\nstdout_logfile=/var/log/queue.log\n")
    assert started(files) == {"queue_01", "queue_02"}
    assert run_of(files, "queue_02") == "exec 2>&1\n" + WORKDIR + \
        "exec s6-setuidgid www-data php artisan queue:work --n=2\n"
    assert "# stopasgroup=true: " in files["queue_01/run"] and "# stdout_logfile=/var/log/queue.log: " in files["queue_01/run"]
    assert files["queue_01/timeout-kill"] == "3600000\n" and "queue_01/flag-timeout-killpg" in files
    assert files["queue/type"] == "bundle\n" and "queue/contents.d/queue_01" in files


def test_processes_without_names_of_their_own(take):
    files, _ = take("[program:w]\nnumprocs=3\ncommand=w\nautorestart=true\n")
    assert started(files) == {"w", "w-1", "w-2"}


def test_environment(take):
    files, _ = take("[supervisord]\nenvironment=ALL=\"1\"\nuser=root\numask=027\n[program:a]\nautorestart=true\n"
                    "environment=\n    TOKEN=\"it's, a b\",\n    URL='http://x/',\n    P=\"/x:%(ENV_PATH)s\"\n"
                    "command=a --d=%(ENV_DISPLAY)s %(ENV_ARGS)s '%(ENV_ONE)s' $HOME \"%(program_name)s 100%%\"\n"
                    "user=%(ENV_WHO)s\n")
    assert run_of(files, "a") == (
        WORKDIR + "umask 027\nexport ALL=1\nexport TOKEN='it'\\''s, a b'\nexport URL=http://x/\n"
        'export P="/x:${PATH}"\nexec s6-setuidgid "${WHO}" a "--d=${DISPLAY}" ${ARGS} "${ONE}" \'$HOME\' \'a 100%\'\n')


def test_lines_that_go_on_and_comments(take):
    files, said = take("\t[program:a] ; first\n\tcommand=a\n\t    --one=1 ; why\n\n\t  ; none\n\t\t\t--two='x y'\n"
                       "\tautorestart = TRUE\n# comment\n;[program:b]\n")
    assert run_of(files, "a") == WORKDIR + "exec a --one=1 --two='x y'\n".replace("--two='x y'", "'--two=x y'")
    assert said == "" and started(files) == {"a"}


def test_order_by_priority(take):
    files, _ = take("".join(f"[program:{n}]\ncommand={n}\nautorestart=true\n{more}\n" for n, more in (
        ("last", ""), ("php", "priority=5"), ("nginx", "priority=10"), ("cron", "priority=10"),
        ("byhand", "priority=7\nautostart=false"))))
    assert needs(files, "php") == set() and needs(files, "nginx") == needs(files, "cron") == {"php"}
    assert needs(files, "byhand") == {"php"} and needs(files, "last") == {"nginx", "cron"}
    assert "byhand" not in started(files)


def test_ends_that_are_expected(take):
    files, _ = take("[program:a]\ncommand=a\nexitcodes=0,2\n[program:b]\ncommand=b\nautorestart=false\nstartsecs=0\n"
                    "startretries=3\n[program:c]\ncommand=c\nautorestart=true\n[program:d]\ncommand=d\n"
                    "autorestart=unexpected\nstopsignal=INT\n")
    assert "case $1 in\n0|2) exec /command/s6-svc -O . ;;\n" in files["a/finish"]
    assert files["b/finish"].endswith("exec /command/s6-svc -O .\n") and "case" not in files["b/finish"]
    assert "c/finish" not in files and "0) exec" in files["d/finish"]
    assert files["d/down-signal"] == "SIGINT\n"
    assert "# startretries=3: " in files["b/run"]


def test_values_stay_in_their_comments(take):
    files, _ = take("[program:a]\ncommand=a\nexitcodes=x\n  rm -r /\nstdout_logfile=/l\n  rm -r /\numask=;rm\n"
                    "startretries=1\n  rm\n")
    assert [line for line in files["a/run"].splitlines() if "rm" in line] == ["umask ';rm'"]
    assert files["a/finish"] == "#!/bin/sh\n# autorestart=unexpected, exitcodes=x\n"


def test_output(take):
    files, _ = take("[program:a]\ncommand=a\nstdout_logfile=/var/log/a.log\nstdout_logfile_maxbytes=5MB\n"
                    "stdout_logfile_backups=3\nstderr_logfile=/dev/null\n[program:b]\ncommand=b\nstdout_logfile=NONE\n"
                    "[program:c]\ncommand=c\nstdout_logfile_maxbytes=1KB\n[program:d]\ncommand=d\nstdout_logfile=AUTO\n")
    assert files["a/logging-script"] == "n3 s5242880 C\n" and "exec 2>/dev/null\n" in files["a/run"]
    assert "exec >/dev/null\n" in files["b/run"] and files["c/logging-script"] == "n10 s4096 C\n"
    assert "exec >" not in files["d/run"] and "d/logging-script" not in files


def test_groups_and_sockets(take):
    files, said = take("[unix_http_server]\nfile=/run/s.sock\n[supervisorctl]\nserverurl=unix:///run/s.sock\n"
                       "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=x\n[group:all]\nprograms=a, b\n"
                       "[group:a]\nprograms=c\n"
                       "[program:a]\ncommand=a %(group_name)s\n[program:b]\ncommand=b\n[program:c]\ncommand=c\n"
                       "[fcgi-program:web]\nsocket=tcp://localhost:8000\nnumprocs=2\n"
                       "process_name=web%(process_num)d\ncommand=uvicorn --fd 0 m:App\nstdout_events_enabled=true\n"
                       "[eventlistener:fatal]\ncommand=x\nevents=PROCESS_STATE_FATAL\n")
    assert files["all/type"] == "bundle\n" and {"all/contents.d/a", "all/contents.d/b"} <= set(files)
    assert run_of(files, "a").endswith("exec a all\n")
    assert "# socket=tcp://localhost:8000: no socket" in files["web1/run"]
    assert "# stdout_events_enabled=true: not carried over" in files["web0/run"]
    assert "overlog status, s6-rc and s6-svc take its place" in said and "[eventlistener:fatal]: there are no events" in said
    assert "the group a has the name of a program" in said
    assert files["import-notes"].splitlines() == [
        line.replace("overlog import: warning: ", "") for line in said.splitlines()]


def test_included_files(take, tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d/one.conf").write_text("[program:one]\ncommand=%(here)s/one\nautorestart=true\n")
    (tmp_path / "conf.d/two.ini").write_text("[program:two]\ncommand=two\n")
    files, said = take("[include]\nfiles = conf.d/*.conf %(here)s/conf.d/*.ini nothere/*.conf\n")
    assert started(files) == {"one", "two"} and "nothing to include: nothere/*.conf" in said
    assert run_of(files, "one").endswith(f"exec {tmp_path}/one\n")


def test_what_cannot_be_read(take):
    files, said = take("[program:loop]\ncommand=bash -c \"while true; do\n    x\ndone\"\n[program:none]\nuser=x\n"
                       "[program:odd]\ncommand=o\nstopsignal=WHAT\nnumprocs=many\ndirectory=%(what)s\n")
    assert started(files) == {"odd"}
    for text in ("[program:loop] has no command that can be read: left out", "line 4 is not understood",
                 "[program:none] has no command", "unknown stopsignal: WHAT", "numprocs that is no number: many",
                 "unknown expression: %(what)s"):
        assert text in said


@pytest.mark.parametrize("blank", ["\r", "\v", "\f"])
def test_white_space_of_all_kinds_in_a_command(take, blank):
    files, _ = take(f"[program:a]\ncommand=run{blank}x {blank} y\n")
    assert started(files) == {"a"} and len(files["a/run"]) < 1000


def test_what_is_no_regular_file_is_not_read(take, tmp_path):
    os.mkfifo(tmp_path / "fifo.conf")
    os.symlink("/dev/zero", tmp_path / "zero.conf")
    files, said = take("[include]\nfiles = *.conf\n[program:a]\ncommand=run\n", name="a.ini")
    assert started(files) == {"a"}
    for name in ("fifo.conf", "zero.conf"):
        assert f"unable to read {tmp_path}/{name}: it is not a regular file" in said
    r = subprocess.run([OVERLOG, "import", tmp_path / "fifo.conf"], capture_output=True, text=True, timeout=30)
    assert r.returncode == 111 and "fifo.conf: it is not a regular file" in r.stderr


def test_more_than_is_taken(take):
    _, said = take("".join(f"[program:p{i}]\ncommand=a\nnumprocs=400\nprocess_name=%(program_name)s_%(process_num)d\n"
                           for i in range(3)), code=1)
    assert "more than 1000 processes" in said
    _, said = take("[program:a]\n" + "a=b\n" * 20000, code=1)
    assert "more than 10000 options" in said


def test_a_procfile(take):
    files, said = take("# processes\nrelease: ./manage migrate\nweb: bundle exec puma -p ${PORT:-3000}\n"
                       "worker:  env QUEUE='*' rake work\r\nrelease: ./manage seed && true\n"
                       "assets: (cd client && npm start)\napi-2: A=1 run --port $PORT\nnonsense\n", name="Procfile")
    assert started(files) == {"release", "web", "worker", "assets", "api-2"}
    assert files["scripts/release"].endswith(WORKDIR + "set -e\n./manage migrate\n./manage seed && true\n")
    assert files["release/type"] == "oneshot\n" and needs(files, "web") == {"release"}
    assert run_of(files, "web") == WORKDIR + 'export PORT="${PORT:-5000}"\nexec bundle exec puma -p ${PORT:-3000}\n'
    assert run_of(files, "worker") == WORKDIR + "exec env QUEUE='*' rake work\n"
    assert run_of(files, "assets") == WORKDIR + "(cd client && npm start)\n" and "signals" in files["assets/run"]
    assert run_of(files, "api-2") == WORKDIR + 'export PORT="${PORT:-5300}"\nexec env A=1 run --port $PORT\n'
    assert "not understood: nonsense" in said


def test_refusals(take, tmp_path):
    assert "has neither" in take("just words\n", code=1)[1]
    assert "has neither" in take("[supervisord]\nnodaemon=true\n", code=1)[1]
    take("[program:web]\ncommand=web\n")
    assert "web exists already in t/s6-rc.d" in take("[program:web]\ncommand=web\n", code=1)[1]
    assert "base exists already" in take("[program:base]\ncommand=web\n", code=1)[1]
    assert subprocess.run([OVERLOG, "import", tmp_path / "nothere"], capture_output=True).returncode == 111
    assert subprocess.run([OVERLOG, "import"], capture_output=True).returncode == 100


def test_it_boots(tree, boot):
    tree.write("/app/supervisord.conf", """
[supervisord]
nodaemon=true
environment=WHERE="here"

[program:web]
command=/bin/sh -c "echo web %(ENV_GREETING)s $WHERE in $(pwd); exec sleep 1000"
priority=20
redirect_stderr=true
autorestart=true
user=www-data

[program:setup]
command=echo "set up; done"
priority=10
autorestart=false
startsecs=0
directory=/tmp
""")
    r = subprocess.run([OVERLOG, "import", "-d", tree.at("/etc/s6-overlay"), tree.at("/app/supervisord.conf")],
                       capture_output=True, text=True)
    assert r.returncode == 0 and r.stdout.startswith("2 services written")
    box = boot(tree.path, env={"GREETING": "hello"}, options=["-w", "/app"])
    box.wait_for(lambda: box.run("/command/overlog", "status", "-H").returncode == 0)
    box.wait_for_text("web hello here in /app\n", "stdout")
    box.wait_for_text("set up; done\n", "stdout")
    # What was to end once stays down, and nobody misses it.
    box.wait_for(lambda: " down " in box.run("/command/overlog", "status", "setup").stdout)
    assert box.run("/command/overlog", "status", "-H").returncode == 0
    assert box.stdout.text().count("set up; done") == 1
    assert box.stop() == 0
