"""overlog import: the shapes that supervisord.conf and Procfile come in, and a tree of it that boots."""

import os
import re
import shutil
import subprocess

import pytest

from lib.build import OVERLOG

WORKDIR = 'cd "$(cat /run/s6/workdir)" || exit 1\n'


@pytest.fixture
def take(tmp_path):
    """take(text): {path: content} of the tree as directories, and what was said; check passes it. The services.conf that
    is made without --dirs is the same."""
    def overlog(*words, env=None, code=0):
        r = subprocess.run([OVERLOG, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                           env={"PATH": "/usr/bin:/bin", **(env or {})})
        assert r.returncode == code, r.stdout + r.stderr
        return r

    def content(tree):
        return {str(p.relative_to(tree)).replace("s6-rc.d/", ""): p.read_bytes().decode() for p in tree.rglob("*")
                if p.is_file()}

    def run(text, name="supervisord.conf", code=0, env=None):
        (tmp_path / name).write_text(text)
        r = overlog("import", "--dirs", "-d", "t", name, env=env, code=code)
        files = content(tmp_path / "t")
        if code == 0:
            overlog("check", "t")
            assert overlog("import", "-d", "conf", name, env=env).stderr == r.stderr
            overlog("check", "conf")
            overlog("show", "-d", "conf", "-o", "shown")
            shown = content(tmp_path / "shown")
            shown.update((path, text) for path, text in files.items() if path == "import-notes")
            assert shown == files
            shutil.rmtree(tmp_path / "conf")
            shutil.rmtree(tmp_path / "shown")
            for script in files.values():
                if script.startswith("#!"):
                    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
        return files, r.stderr
    return run


def run_of(files, name):
    """The lines of run without shebang, comments and the names that supervisord tells a process."""
    lines = files[f"{name}/run"].splitlines(keepends=True)
    assert lines[0] == "#!/command/with-contenv sh\n"
    return "".join(line for line in lines if not line.startswith(("#", "export SUPERVISOR_")))


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
    files, said = take("[program:queue]\nprocess_name=%(program_name)s_%(process_num)02d\nnumprocs=2\nnumprocs_start=1\n"
                    "command=php artisan queue:work --n=%(process_num)d\nautorestart=true\nuser=www-data\n"
                    "stopasgroup=true\nstopwaitsecs=3600\nredirect_stderr=true\nstdout_logfile=/var/log/queue.log\n")
    assert started(files) == {"queue_01", "queue_02"}
    assert run_of(files, "queue_02") == WORKDIR + "exec 2>&1\n" \
        "exec /command/s6-setuidgid www-data php artisan queue:work --n=2\n"
    assert "export SUPERVISOR_PROCESS_NAME=queue_02 SUPERVISOR_GROUP_NAME=queue\n" in files["queue_02/run"]
    assert "# stdout_logfile=/var/log/queue.log: " in files["queue_01/run"]
    assert said == ("overlog import: warning: supervisord.conf: [program:queue]: stdout_logfile: its output is in its log "
                    "directory, which logcat shows, not in a file of that name\n")
    assert 'if kill -s TERM -- "-$4"' in files["queue_01/finish"] and files["queue_01/timeout-finish"] == "3605000\n"
    assert files["queue_01/timeout-kill"] == "3600000\n" and "queue_01/flag-timeout-killpg" in files
    assert files["queue/type"] == "bundle\n" and "queue/contents.d/queue_01" in files


def test_processes_without_names_of_their_own(take):
    files, said = take("[program:w]\nnumprocs=3\ncommand=w\nautorestart=true\n[program:a]\ncommand=a\nprocess_name=x\n"
                       "[program:b]\ncommand=b\nprocess_name=x\n[program:c]\ncommand=c\nprocess_name=x\n")
    assert started(files) == {"w", "w-1", "w-2", "x", "x-0", "x-1"}
    assert "[program:c]: there is more than one process x: one is called x-1" in said


def test_environment(take):
    files, _ = take("[supervisord]\nenvironment=ALL=\"1\"\nuser=root\numask=027\n[program:a]\nautorestart=true\n"
                    "environment=\n    TOKEN=\"it's, a b\",\n    URL='http://x/',\n    P=\"/x:%(ENV_PATH)s\"\n"
                    "command=a --d=%(ENV_DISPLAY)s %(ENV_ARGS)s '%(ENV_ONE)s' $HOME \"%(program_name)s 100%%\"\n"
                    "user=%(ENV_WHO)s\n")
    assert run_of(files, "a") == (
        WORKDIR + "export ALL=1\nexport TOKEN='it'\\''s, a b'\nexport URL=http://x/\n"
        'export P="/x:${PATH}"\n_user=$(id -un "${WHO}") && [ -n "$_user" ] || exit 1\numask 027\nset -f\n'
        'exec /command/s6-setuidgid "$_user" a --d=${DISPLAY} ${ARGS} "${ONE}" \'$HOME\' \'a 100%\'\n')


def test_variables_where_files_have_none(take):
    """What supervisord reads when it starts is read when the service starts, or decided now and said."""
    files, said = take("[program:a]\ncommand=a\nautostart=%(ENV_ON)s\nautorestart=%(ENV_AGAIN)s\numask=%(ENV_MASK)s\n"
                       "directory=%(ENV_WHERE)s/x\nuser=1000\nexitcodes=0,3\n"
                       "[program:b]\ncommand=b -h %(host_node_name)s\nprocess_name=b-%(ENV_ZONE)s-%(host_node_name)s\n"
                       "autorestart=yes\nstopwaitsecs=%(ENV_WAIT)s\nstopsignal=%(ENV_SET)s\n"
                       "[include]\nfiles=%(ENV_MORE)s/*.conf\n", env={"SET": "int"})
    assert started(files) == {"a", "b-ZONE-HOSTNAME"}
    assert run_of(files, "a") == (
        'case "${ON}" in\n[Tt][Rr][Uu][Ee]|[Yy][Ee][Ss]|[Oo][Nn]|1) ;;\n*) exit 0 ;;\nesac\n' + WORKDIR +
        '_user=$(id -un 1000) && [ -n "$_user" ] || exit 1\ncd "${WHERE}/x" || exit 1\numask "${MASK}"\n'
        'exec /command/s6-setuidgid "$_user" a\n')
    finish = files["a/finish"]
    assert finish.startswith("#!/command/with-contenv sh\n") and 'case "${ON}" in\n' in finish
    assert 'case "${AGAIN}" in\n' in finish and "0|3) exec /command/s6-svc -O .\n" not in finish
    assert finish.endswith("case $1 in\n0|3) exec /command/s6-svc -O . ;;\nesac\n")
    assert run_of(files, "b-ZONE-HOSTNAME").endswith("set -f\nexec b -h $(uname -n)\n")
    assert files["b-ZONE-HOSTNAME/down-signal"] == "SIGINT\n" and files["b-ZONE-HOSTNAME/timeout-kill"] == "10000\n"
    for text in ("[program:a]: autostart=%(ENV_ON)s is decided when it starts, also by hand",
                 "[program:b]: process_name=b-%(ENV_ZONE)s-%(host_node_name)s is decided now, by the environment of overlog "
                 "import: b-ZONE-HOSTNAME",
                 "[program:b]: stopwaitsecs=%(ENV_WAIT)s has to be known now, and is not in the environment of overlog "
                 "import: left out", "[program:b]: stopsignal=%(ENV_SET)s is decided now, by the environment of overlog "
                 "import: int", "[include]: files=%(ENV_MORE)s/*.conf has to be known now"):
        assert text in said
    assert not [p for p in files if set(p) & set("\1\2\3")] and not [c for c in files.values() if set(c) & set("\1\2\3")]


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


def test_order_of_groups(take):
    """Groups are in order, programs only within one."""
    files, said = take("[group:front]\nprograms=web,push\npriority=20\n[group:back]\nprograms=db,cache\npriority=10\n"
                       "[group:rest]\nprograms=cron,nothere\n" +
                       "".join(f"[program:{n}]\ncommand={n}\npriority={p}\n" for n, p in (
                           ("web", 5), ("push", 1), ("db", 900), ("cache", 900), ("cron", 3), ("alone", 15))))
    assert needs(files, "db") == needs(files, "cache") == set()
    assert needs(files, "alone") == {"db", "cache"} and needs(files, "push") == {"alone"} and needs(files, "web") == {"push"}
    assert needs(files, "cron") == {"web"}
    assert {p for p in files if p.startswith("front/contents.d/")} == {"front/contents.d/web", "front/contents.d/push"}
    assert "[group:rest]: there is no program nothere" in said


def test_a_group_of_nothing(take):
    files, said = take("[program:a]\ncommand=a\n[group:all]\nprograms=nothere\n")
    assert files["all/contents"] == "" and "there is no program nothere" in said


def test_names_of_ours(take):
    files, said = take("[program:user]\ncommand=u\nnumprocs=2\nprocess_name=%(program_name)s%(process_num)d\n"
                       "[program:top]\ncommand=t\n[program:base]\ncommand=b\npriority=1\n[program:s6rc-x]\ncommand=s\n"
                       "[program:none]\ncommand=n\n[program:a,b@]\ncommand=ab\n[program:#c]\ncommand=c\n"
                       "[group:user2]\nprograms=top,none\n")
    assert started(files) == {"user0", "user1", "program-top", "program-base", "program-s6rc-x", "program-none", "a-b-", "_c"}
    assert files["program-user/type"] == files["program-user2/type"] == "bundle\n"
    assert needs(files, "program-top") == {"program-base"}
    assert '[program:top]: the name "top" is one of overlog itself: it is called program-top' in said


def test_ends_that_are_expected(take):
    files, _ = take("[program:a]\ncommand=a\nexitcodes=0,2\n[program:b]\ncommand=b\nautorestart=false\n"
                    "startretries=3\n[program:c]\ncommand=c\nautorestart=true\n[program:d]\ncommand=d\n"
                    "autorestart=unexpected\nstopsignal=INT\n")
    assert files["a/restart"] == "on-failure, ok 0 2, 3 in 9s, wait 1s..3s\n" and files["b/restart"] == "never\n"
    assert files["c/restart"] == "always, 3 in 9s, wait 1s..3s\n"
    assert files["d/restart"] == "on-failure, 3 in 9s, wait 1s..3s\n"
    assert not [name for name in files if name.endswith("/finish")]
    assert files["d/down-signal"] == "SIGINT\n"


def test_limits_of_starts(take):
    files, said = take("".join(f"[program:{n}]\ncommand={n}\nautorestart={r}\n{more}\n" for n, r, more in (
        ("five", "true", "startretries=5\nstartsecs=10"), ("zero", "true", "startretries=0"),
        ("many", "unexpected", "startretries=99999999999"), ("more", "unexpected", "startretries=1000"),
        ("at-once", "true", "startsecs=0\nstartretries=7"), ("once", "false", "exitcodes=3\nstartretries=7"))))
    assert files["five/restart"] == "always, 5 in 67s, wait 1s..5s\n"  # 1 2 4 5 5 and five times ten
    assert files["zero/restart"] == "always, 1 in 2s, wait 1s..1s\n" and "startretries=0: it is tried once more" in said
    assert files["many/restart"] == "on-failure, 3 in 9s, wait 1s..3s\n" and "startretries is no number up to 86400" in said
    assert files["more/restart"] == "on-failure, 100 in 9527s, wait 1s..100s\n" and "startretries=1000: given up after 100" in said
    assert files["at-once/restart"] == "always\n" and files["once/restart"] == "never, ok 3\n"


def test_commands_that_run_once(take):
    """What nothing starts again and cannot end too early is a oneshot, for which others wait."""
    once = "autorestart=false\nstartsecs=0\n"
    files, said = take("[supervisord]\numask=027\n[program:migrate]\ncommand=./migrate --to='a b' %(ENV_TARGET)s\n"
                       f"priority=1\ndirectory=/srv\nuser=app\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n{once}"
                       "[program:web]\ncommand=web\npriority=2\n"
                       f"[program:byhand]\ncommand=byhand\nautostart=false\n{once}"
                       f"[program:maybe]\ncommand=maybe\nautostart=%(ENV_ON)s\n{once}"
                       f"[program:two]\ncommand=two\nnumprocs=2\nprocess_name=two%(process_num)d\nautorestart=No\nstartsecs=0\n")
    assert files["migrate/type"] == "oneshot\n" and needs(files, "web") == {"migrate"} and files["web/type"] == "longrun\n"
    assert files["migrate/up"] == (
        'with-contenv\n/bin/sh -c "# [program:migrate] of supervisord.conf\n'
        'export SUPERVISOR_PROCESS_NAME=migrate SUPERVISOR_GROUP_NAME=migrate\ncd /srv || exit 1\numask 027\nset -f\n'
        "exec /command/s6-setuidgid app ./migrate '--to=a b' ${TARGET}\"\n")
    assert {p for p in files if p.startswith("migrate/")} == {"migrate/type", "migrate/up", "migrate/dependencies.d/base"}
    assert started(files) == {"migrate", "web", "maybe", "two0", "two1"} and files["byhand/type"] == "oneshot\n"
    assert "*) exit 0 ;;" in files["maybe/up"] and "maybe/finish" not in files
    assert files["two/type"] == "bundle\n" and files["two1/type"] == "oneshot\n"
    note = "autorestart=false, startsecs=0: taken for a command that ends: a oneshot, and programs of a higher priority wait " \
        "until it has succeeded; if it does not end, write restart = never in place of type = oneshot, or import it with " \
        "startsecs=1\n"
    assert said.count("taken for") == 1
    assert f"[program:migrate], [program:byhand], [program:maybe], [program:two]: {note}" in said


def test_what_may_be_started_again_is_no_oneshot(take):
    """Nor what says how long it lives at least, nor a server with its socket."""
    once = "autorestart=false\nstartsecs=0\n"
    files, said = take("".join(f"[{kind}:p{i}]\ncommand=p\n{keys}\n" for i, (kind, keys) in enumerate((
        ("program", "startsecs=0"), ("program", "startsecs=0\nexitcodes=0\nautorestart=unexpected"),
        ("program", "autorestart=false"), ("program", "autorestart=%(ENV_A)s\nstartsecs=0"), ("fcgi-program", once)))))
    assert {files[f"p{i}/type"] for i in range(5)} == {"longrun\n"} and files["p4/restart"] == "never\n"
    assert "taken for" not in said


def test_a_command_that_does_not_end_after_all(tmp_path):
    """The note says what to write instead."""
    (tmp_path / "c").write_text("[program:a]\ncommand=a\nautorestart=false\nstartsecs=0\n")
    subprocess.run([OVERLOG, "import", "-d", tmp_path, tmp_path / "c"], check=True, capture_output=True)
    conf = tmp_path / "services.conf"
    assert conf.read_text().startswith("[a]\ntype = oneshot\nscript =\n")
    conf.write_text(conf.read_text().replace("type = oneshot", "restart = never"))
    subprocess.run([OVERLOG, "check", tmp_path], check=True)
    shown = subprocess.run([OVERLOG, "show", "-d", conf, "a"], capture_output=True, text=True, check=True).stdout
    assert "restart = never" in shown


def test_what_a_oneshot_has_not(take):
    files, said = take("[program:a]\ncommand=a\nautorestart=false\nstartsecs=0\nexitcodes=0,2\nstopsignal=INT\n"
                       "stopwaitsecs=60\nstopasgroup=true\nkillasgroup=false\nstdout_logfile=/var/log/a.log\n"
                       "stdout_logfile_maxbytes=5MB\nstderr_logfile_backups=3\nstderr_logfile=/dev/null\n")
    own = "a oneshot has no log of its own: its output is the container's"
    ended = "a oneshot has ended when it is stopped; one that runs still gets SIGTERM"
    for text in ("exitcodes: a oneshot succeeds with exit code 0", f"stopsignal: {ended}", f"stopwaitsecs: {ended}",
                 f"stopasgroup: {ended}", f"stdout_logfile: {own}, not in a file of that name", f"stdout_logfile_maxbytes: {own}",
                 f"stderr_logfile_backups: {own}"):
        assert f"[program:a]: {text}\n" in said
    assert "killasgroup" not in said and said.count("warning: ") == 8
    assert "# stdout_logfile=/var/log/a.log: " in files["a/up"] and "exec 2>/dev/null\n" in files["a/up"]


def test_values_stay_in_their_comments(take):
    files, said = take("[program:a]\ncommand=a\nexitcodes=x\n  rm -r /\nstdout_logfile=/l\n  rm -r /\numask=;rm\n"
                    "startretries=1\n  rm\n")
    assert [line for line in files["a/run"].splitlines() if re.search(r"\brm\b", line) and line[0] != "#"] == []
    assert "a/finish" not in files and files["a/restart"] == "on-failure, 3 in 9s, wait 1s..3s\n"
    assert "umask is no octal number: ;rm" in said and "exitcodes are numbers up to 255: x" in said


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
    assert "# stdout_events_enabled=true: what a program writes is no event here; logcat -f shows it" in files["web0/run"]
    assert "overlog status, s6-rc and s6-svc take the place" in said and "[eventlistener:fatal]: hooks in /etc/s6-overlay/on-event.d take its place" in said
    assert "[group:a]: a process has the same name: no bundle is made of it" in said
    assert "[fcgi-program:web]: socket: no socket is opened" in said
    assert files["import-notes"].splitlines() == [
        line.replace("overlog import: warning: ", "") for line in said.splitlines()]


def test_included_files(take, tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d/one.conf").write_text("[program:one]\ncommand=%(here)s/one\nautorestart=true\n")
    (tmp_path / "conf.d/two.ini").write_text("[program:two]\ncommand=two\n")
    files, said = take("[include]\nfiles = conf.d/*.conf %(here)s/conf.d/*.ini nothere/*.conf\n")
    assert started(files) == {"one", "two"} and "nothing to include: nothere/*.conf" in said
    assert run_of(files, "one").endswith(f"exec {tmp_path}/conf.d/one\n")  # where the file is that says it
    assert f"[{tmp_path}/conf.d/one.conf]: %(here)s is {tmp_path}/conf.d here: correct it if" in said


def test_what_cannot_be_read(take):
    files, said = take("[program:loop]\ncommand=bash -c \"while true; do\n    x\ndone\"\n[program:none]\nuser=x\n"
                       "[program:odd]\ncommand=o\nstopsignal=WHAT\nnumprocs=many\ndirectory=%(what)s\n")
    assert started(files) == {"odd"}
    for text in ("[program:loop], [program:none]: has no command that can be read: left out", "line 4 is not understood",
                 "unknown stopsignal: WHAT", "numprocs is no number that can be: many",
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
    assert files["release/up"] == ('with-contenv\n/bin/sh -c "# release of Procfile\ncd \\"$(cat /run/s6/workdir)\\" || exit 1\n'
                                   'set -e\n./manage migrate\n./manage seed && true"\n')
    assert files["release/type"] == "oneshot\n" and needs(files, "web") == {"release"}
    assert run_of(files, "web") == WORKDIR + 'export PORT="${PORT:-5000}"\nexec bundle exec puma -p ${PORT:-3000}\n'
    # What it runs may read PORT, too.
    assert run_of(files, "worker") == WORKDIR + 'export PORT="${PORT:-5100}"\n' + "exec env QUEUE='*' rake work\n"
    assert run_of(files, "assets") == WORKDIR + 'export PORT="${PORT:-5200}"\n' + "(cd client && npm start)\n" and "signals" in files["assets/run"]
    assert run_of(files, "api-2") == WORKDIR + 'export PORT="${PORT:-5300}"\nexec env A=1 run --port $PORT\n'
    assert "not understood: nonsense" in said


def test_a_crontab(take):
    """Each job with its user, what the lines before it say, and its input; what cannot be is noted."""
    files, said = take("""# m h dom mon dow user command
SHELL=/bin/bash
PATH = "/usr/local/bin:/usr/bin"
MAILTO=ops@example.org
15 3 * * *  root  /usr/local/bin/backup.sh --all
*/5 * * * * www-data cd /var/www && php artisan schedule:run
CRON_TZ=Europe/Berlin
RANDOM_DELAY=15
PATH=/bin
@daily root cat%it's 100\\%%
0 25 * * * root broken
nonsense
5/15 * * * * root backup.sh
0 5 * * * root test -x /x || ( backup.sh )
""", name="crontab")
    assert started(files) == {"backup.sh", "artisan", "cat", "backup.sh-2"}
    there = 'cd "${HOME:-/}" || exit\n'
    assert run_of(files, "backup.sh") == (
        "export HOME=~root LOGNAME=root\nexec schedule '15 3 * * *' s6-setuidgid root env SHELL=/bin/bash "
        f"PATH=/usr/local/bin:/usr/bin /bin/bash -c '{there}/usr/local/bin/backup.sh --all'\n")
    assert run_of(files, "artisan") == (
        "export HOME=~www-data LOGNAME=www-data\nexec schedule '*/5 * * * *' s6-setuidgid www-data env SHELL=/bin/bash "
        f"PATH=/usr/local/bin:/usr/bin /bin/bash -c '{there}cd /var/www && php artisan schedule:run'\n")
    assert "exec schedule -z Europe/Berlin -j 15m @daily s6-setuidgid root env SHELL=/bin/bash PATH=/bin " in files["cat/run"]
    assert "MAILTO=ops@example.org\n" in files["cat/run"] and "# Line 10 of crontab\n" in files["cat/run"]
    for note in ("MAILTO: what jobs say is in their logs, and not sent",
                 '[line 11]: left out: "0 25 * * *": hour: 25 is not one of 0 to 23', "[line 12]: not understood: nonsense",
                 "[line 13]: left out: \"5/15 * * * *\": minute: a step needs a range; write 5-59/15"):
        assert note in said and note in files["import-notes"], said


def test_seconds_in_a_crontab(take):
    files, said = take("*/5 * * * * * one\n*/5 * * * * * * two\n0 0 3 * * * 2027 three\n", name="crontab")
    assert started(files) == {"two"}
    assert run_of(files, "two").startswith("exec schedule '*/5 * * * * *' sh -c ")
    for note in ("[line 1]: left out, for six fields may have seconds in front or years behind; write five, or seven that "
                 "end with *: */5 * * * * * one", "[line 3]: left out, for schedule knows no years; write * as the "
                 "seventh field: 0 0 3 * * * 2027 three"):
        assert note in said and note in files["import-notes"], said


def test_a_crontab_of_a_user(take, tmp_path):
    files, said = take("MAILTO=\"\"\n@hourly FOO=1 ./tidy -v\n*/7 * * * * (sleep 1; tidy)\n"
                       "@hourly nice -n 10 /usr/bin/backup\n@hourly FOO=\"a|b\" zed\n", name="jobs")
    assert started(files) == {"tidy", "sleep", "backup", "zed"}
    assert run_of(files, "tidy") == "exec schedule @hourly sh -c 'cd \"${HOME:-/}\" || exit\nFOO=1 ./tidy -v'\n"
    assert said == ""
    (tmp_path / "c").write_text("0 0 * * * root run\n")
    for name, words in {"crontab": "root run", "system-crontab": "run"}.items():
        subprocess.run([OVERLOG, "import", "-D", "-f", name, "-d", name, "c"], cwd=tmp_path, check=True, capture_output=True)
        (run,) = (tmp_path / name).glob("s6-rc.d/*/run")
        assert run.read_text().endswith(f"\n{words}'\n"), run.read_text()
    assert "there is no format ini" in subprocess.run([OVERLOG, "import", "-f", "ini", "c"], cwd=tmp_path,
                                                      capture_output=True, text=True).stderr


def test_refusals(take, tmp_path):
    assert "has neither" in take("just words\n", code=1)[1]
    assert "has neither" in take("[supervisord]\nnodaemon=true\n", code=1)[1]
    take("[program:web]\ncommand=web\n")
    assert "web exists already in t:" in take("[program:web]\ncommand=web\n", code=1)[1]
    assert subprocess.run([OVERLOG, "import", tmp_path / "nothere"], capture_output=True).returncode == 111
    assert subprocess.run([OVERLOG, "import"], capture_output=True).returncode == 100


def test_where_it_is_written(tree, tmp_path):
    """The current directory, but never this machine's own /etc unless it is named."""
    (tmp_path / "Procfile").write_text("web: exec web\n")
    (tmp_path / "jobs").write_text("@hourly job\n")
    r = subprocess.run([OVERLOG, "import", "Procfile"], cwd=tmp_path, capture_output=True, text=True)
    assert r.returncode == 0 and r.stdout == "1 service written to ./services.conf; overlog check .\n"
    assert (tmp_path / "services.conf").read_text() == (
        '[web]\nscript =\n    # web of Procfile\n    cd "$(cat /run/s6/workdir)" || exit 1\n'
        '    export PORT="${PORT:-5000}"\n    # More than one command: the shell stays, and signals go to it.\n    exec web\n')
    assert subprocess.run([OVERLOG, "import", "jobs"], cwd=tmp_path, capture_output=True).returncode == 0
    assert re.findall(r"^\[.*|^$", (tmp_path / "services.conf").read_text(), re.M) == ["[web]", "", "[job]", ""]
    r = subprocess.run([OVERLOG, "import", "--dirs", "Procfile"], cwd=tmp_path, capture_output=True, text=True)
    assert r.returncode == 1 and "web exists already in .:" in r.stderr
    # A file that stands alone has no directories beside it.
    (tmp_path / "my.conf").write_text("[a]\nrun = b\n")
    assert subprocess.run([OVERLOG, "import", "-d", "my.conf", "Procfile"], cwd=tmp_path, capture_output=True).returncode == 0
    assert (tmp_path / "my.conf").read_text().startswith("[a]\nrun = b\n\n[web]\nscript =\n")
    r = subprocess.run([OVERLOG, "import", "-D", "-d", "my.conf", "jobs"], cwd=tmp_path, capture_output=True, text=True)
    assert r.returncode == 100 and "my.conf is a file: -d has to name a folder" in r.stderr
    tree.write("/app/Procfile", "web: exec web\n")

    def inside(*words, cwd="/"):
        return subprocess.run(["chroot", tree.path, "/bin/sh", "-c", 'cd "$0" && exec "$@"', cwd, "/command/overlog", "import",
                               *words], capture_output=True, text=True)
    for cwd, place in {"/etc": "/etc", "/": "/etc/s6-overlay", "/etc/s6-overlay": "/etc/s6-overlay"}.items():
        os.makedirs(tree.at("/etc/s6-overlay/s6-rc.d"), exist_ok=True)
        r = inside("/app/Procfile", cwd=cwd)
        assert r.returncode == 100 and f"the tree would be {place}, of this machine: name it with -d" in r.stderr, cwd
        assert not os.path.exists(tree.at("/etc/s6-overlay/services.conf"))
    assert inside("-d", "/etc/s6-overlay", "/app/Procfile").returncode == 0
    assert "[web]\n" in tree.read("/etc/s6-overlay/services.conf")


def test_what_no_section_can_hold(tmp_path):
    (tmp_path / "conf").write_text("@hourly a%x\r%y\n@hourly b\n")
    r = subprocess.run([OVERLOG, "import", "-d", "t", "conf"], cwd=tmp_path, capture_output=True, text=True)
    assert r.returncode == 0 and "a becomes a directory: a section cannot hold its run" in r.stderr
    assert "\r\n" in (tmp_path / "t/s6-rc.d/a/run").read_bytes().decode()
    assert (tmp_path / "t/services.conf").read_text().startswith("[b]\n")
    assert subprocess.run([OVERLOG, "check", "t"], cwd=tmp_path, capture_output=True).returncode == 0


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
command=/bin/sh -c "sleep 0.3; echo 'set up; done'"
priority=10
autorestart=false
startsecs=0
directory=/tmp

[program:wrapped]
command=/bin/sh -c "sleep 2222 & echo $! >/tmp/child; sleep 3333; true"
stopasgroup=true

[program:off]
command=/bin/sleep 1000
autostart=%(ENV_WANTED)s
""")
    r = subprocess.run([OVERLOG, "import", "-d", tree.at("/etc/s6-overlay"), tree.at("/app/supervisord.conf")],
                       capture_output=True, text=True)
    assert r.returncode == 0 and r.stdout.startswith("4 services written")
    box = boot(tree.path, env={"GREETING": "hello", "WANTED": "off"}, options=["-w", "/app"])
    box.wait_for(lambda: box.run("/command/overlog", "status", "-H").returncode == 0)
    box.wait_for_text("web hello here in /app\n", "stdout")
    # What runs once has ended before what has a higher priority begins.
    assert [line for line in box.stdout.text().splitlines() if line.startswith(("web ", "set "))][0] == "set up; done"
    assert box.run("/command/overlog", "status", "-H").returncode == 0
    assert box.stdout.text().count("set up; done") == 1
    # What the environment does not want is not missed, either; nobody shall take it for up.
    box.wait_for(lambda: " down " in box.run("/command/overlog", "status", "off").stdout)
    # A restart leaves nothing of the process group behind.
    child = box.wait_for(lambda: box.read("/tmp/child").strip())
    assert box.run("/bin/kill", "-0", child).returncode == 0
    box.run("/command/s6-svc", "-wr", "-r", "/run/service/wrapped", check=True)
    assert box.run("/bin/kill", "-0", child).returncode == 1
    box.wait_for(lambda: box.read("/tmp/child").strip() not in ("", child))
    assert box.stop() == 0


@pytest.mark.parametrize("form", [(), ("--dirs",)], ids=["conf", "dirs"])
def test_files_of_several_kinds_boot_together(tree, boot, form):
    tree.write("/app/Procfile", "release: echo released\nweb: echo web on $PORT; exec sleep 1000\n")
    tree.write("/app/jobs", "WHERE=here\n@reboot echo \"job $WHERE\"\n")
    tree.write("/app/my.conf", "[program:prog]\ncommand=/bin/sh -c \"echo prog %(ENV_GREETING)s; exec sleep 1000\"\n")
    tree.write("/app/unit.service", "[Service]\nExecStart=/bin/sh -c 'echo unit %p; exec sleep 1000'\n"
               "[Install]\nWantedBy=multi-user.target\n")
    r = subprocess.run([OVERLOG, "import", *form, "-d", tree.at("/etc/s6-overlay"),
                        *(tree.at(f"/app/{name}") for name in ("Procfile", "jobs", "my.conf", "unit.service"))],
                       capture_output=True, text=True)
    assert r.returncode == 0 and r.stdout.startswith("5 services written"), r.stderr
    box = boot(tree.path, env={"GREETING": "hello"}, options=["-w", "/app"])
    for line in ("released\n", "web on 5000\n", "job here\n", "prog hello\n", "unit unit\n"):
        box.wait_for_text(line, "stdout")
    assert box.stop() == 0
