"""The small tools: the same arguments, stdin and files must give the reference's stdout, exit code
and files.

Those of s6 are compared with the package. s6-portable-utils and s6-linux-utils are not packaged:
what version 2.3.1.2 of the first did is recorded beside this file, case by case; with S6_UTILS
naming a folder that has these programs, the record is compared with them, too.

A case is a line for a shell whose PATH begins with the programs under test, and runs in a fresh
folder. DIFFERENT says where we do not do the same, what we do, and why.
"""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from lib.build import OVERLOG

RECORD = Path(__file__).with_name("tools_recorded.json")
UTILS = os.environ.get("S6_UTILS")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

FILES = r"""
s6-chmod 755
s6-chmod 0x7 f
s6-chmod 700 f g
s6-chmod 17777 f
s6-chmod 75555555555555 f
s6-chmod 644 nosuch
s6-chmod +x f
s6-chmod 4711 l
s6-chown -u 1 -g 2 f g
s6-chown f
s6-chown -u root f
s6-chown -u 4294967296 f
UID_=; env UID=3 GID=4 s6-chown -U f
env -u UID -u GID s6-chown -U f
env UID=x GID=4 s6-chown -U f
s6-chown
s6-chown -u 9 l
s6-chown -g 9 nosuch
s6-mkdir a/b
s6-mkdir -p -m 0700 a/b/c
s6-mkdir d
s6-mkdir -p d
s6-mkdir -p d/x//y/
s6-mkdir -p /
s6-mkdir -m 1777 x y
umask 077; s6-mkdir -m 777 z
umask 077; s6-mkdir -p z/z
s6-mkdir -p -m 0 z/z
s6-mkdir -v -p v/w
s6-mkdir
s6-mkdir -m 9 q
s6-mkdir d n
s6-mkdir -p f/x
s6-mkfifo
s6-mkfifo -m 602 p1 p2
s6-mkfifo f
s6-mkfifo -m 777 p3
umask 077; s6-mkfifo p
s6-touch
s6-touch t1 t2
s6-touch f; find f -mmin -1
s6-touch d
s6-touch nosuch/x
s6-rename
s6-rename f h
s6-rename nosuch h
s6-rename f g h
s6-rename d f
s6-rmrf
s6-rmrf nosuch
s6-rmrf d f
s6-rmrf f/x
s6-rmrf dl/
s6-rmrf dl
s6-rmrf deep
s6-ln
s6-ln f
s6-ln f h
s6-ln f g
s6-ln -f f g
s6-ln -f f f
s6-ln -s f s
s6-ln -s f g
s6-ln -sf x g
s6-ln -s f d
s6-ln -s g f d
s6-ln -s f nosuchdir/
s6-ln -s a b c
s6-ln -s q dl
s6-ln -sn q2 dl
s6-ln -sfn q2 dl
s6-ln -sf q3 dl
s6-ln l hl
s6-ln -P l hl
s6-ln -L l hl
s6-ln -LP l hl
s6-ln bl hb
s6-ln -L bl hb
s6-ln nosuch z
s6-ln -s -f x d/
s6-ln -sf a/b/c d
s6-ln -sf full d
s6-ln -sfn q d
s6-linkname l
s6-linkname -n l
s6-linkname f
s6-linkname
s6-linkname l dl
cd d; s6-linkname -f ../d/../nosuch
s6-linkname -f /usr/../etc/./passwd
s6-linkname -f nosuch
s6-linkname -f bl
s6-basename
s6-basename /
s6-basename //
s6-basename /a/b
s6-basename /a/b/
s6-basename a
s6-basename ''
s6-basename .
s6-basename ..
s6-basename a.c .c
s6-basename .c .c
s6-basename -n a
s6-basename a/b.c/ .c
s6-basename a b c
s6-dirname
s6-dirname /
s6-dirname //
s6-dirname /a/b
s6-dirname /a/b/
s6-dirname a
s6-dirname ''
s6-dirname .
s6-dirname -n a/b
s6-dirname ///a//b//
s6-hiercopy
s6-hiercopy deep new
s6-hiercopy deep d
s6-hiercopy f new
s6-hiercopy l new
s6-hiercopy dl new
s6-hiercopy nosuch new
s6-hiercopy f d
s6-hiercopy f g
s6-hiercopy deep new; s6-hiercopy deep new
s6-hiercopy p new
umask 077; s6-hiercopy deep new
"""

TEXT = r"""
s6-echo
s6-echo a b
s6-echo -n a b
s6-echo -s , a b
s6-echo -s '' a b
s6-echo -s xy a b
s6-echo -- -n
s6-echo -ns x a b
s6-echo a -n '\n'
s6-echo -z
s6-ls
s6-ls d | sort
s6-ls -a d | sort
s6-ls -A d | sort
s6-ls -0 full
s6-ls -x in full
s6-ls nosuch
s6-ls f
printf 'b\na\n' | s6-sort
printf 'b\na' | s6-sort
s6-sort </dev/null
printf 'b\0a\0' | s6-sort -0
printf 'b\n a\nA\na\n' | s6-sort
printf 'b\n a\nA\na\n' | s6-sort -f
printf 'b\n a\n\t\nA\na\n' | s6-sort -b
printf 'b\n a\nA\na\n' | s6-sort -r
printf 'a\nA\na\n' | s6-sort -ur
printf 'a\nb\n' | s6-sort -c
printf 'b\na\n' | s6-sort -c
printf 'a\na\n' | s6-sort -c
printf 'a\na\n' | s6-sort -cu
printf 'b\na\n' | s6-sort -cr
printf 'a b\na\ta\n' | s6-sort
printf '\200\na\n' | s6-sort
printf 'A\na\nA\n' | s6-sort -f
printf 'b\0a\nc' | s6-sort -0
printf 'b\nab\na\n\n' | s6-sort -r
printf 'a\0b\na\0a\n' | s6-sort
seq 1000 | s6-sort
seq 1000 | sed 's/$/./' | s6-sort -r
printf 'abc' | s6-cat
printf 'a\0c' | s6-cat foo
seq 12 | s6-head
seq 12 | s6-head -n 2
seq 12 | s6-head -2
seq 12 | s6-head -c 3
seq 12 | s6-head -n 0
seq 12 | s6-head -n -1
printf 'a\nb' | s6-head -n 5
s6-head -n1 f f
s6-head f nosuch f
s6-head nosuch f
echo in | s6-head - f
seq 12 | s6-head -n x
s6-head -c 2 f f
s6-head d
seq 12 | s6-head -S -n 2
seq 12 | s6-head -12
seq 12 | s6-head -n 2 -c 1
seq 12 | (s6-head -S -n 2; cat)
seq 12 | (s6-head -S -c 3; cat)
seq 12 | s6-tail
seq 12 | s6-tail -n 2
seq 12 | s6-tail -2
seq 12 | s6-tail -n +11
seq 12 | s6-tail -n -2
seq 12 | s6-tail -c 3
seq 12 | s6-tail -c +25
seq 12 | s6-tail -n 0
seq 12 | s6-tail -n +0
seq 12 | s6-tail -n +1
seq 12 | s6-tail -c +0
seq 12 | s6-tail -c 0
seq 12 | s6-tail -n 13
seq 12 | s6-tail -c -3
seq 12 | s6-tail -n ''
seq 12 | s6-tail -12
seq 12 | s6-tail -n 2 -c 3
seq 20000 | s6-tail -n 1000
seq 20000 | s6-tail -c 10000
printf 'a\nb' | s6-tail -n 1
s6-tail f
s6-tail f f
s6-tail -n 1 two
s6-tail nosuch
s6-tail -n x
s6-tail d
s6-grep
s6-grep foo <lines
s6-grep -i foo <lines
s6-grep 'ba.' <lines
s6-grep -F 'ba.' <lines
s6-grep -Fi 'BA.' <lines
s6-grep -E 'o+|r' <lines
s6-grep 'o\{2\}' <lines
s6-grep 'o+' <lines
s6-grep -v o <lines
s6-grep -c o <lines
s6-grep -n o <lines
s6-grep -q o <lines
s6-grep zzz <lines
s6-grep -c zzz <lines
s6-grep -cn o <lines
s6-grep -qn o <lines
s6-grep -qc o <lines
s6-grep -vc o <lines
printf foo | s6-grep foo
s6-grep x </dev/null
s6-grep -v x </dev/null
s6-grep '(' <lines
s6-grep -E '(' <lines
s6-grep '' <lines
s6-grep -F '' <lines
printf 'a\n\nb' | s6-grep -n '^$'
s6-grep foo extra <lines
s6-grep -EF 'o+' <lines
s6-grep -FE 'o+' <lines
printf 'foo\nbar' | s6-grep -v foo
s6-grep 'o$' <lines
s6-grep -x foo <lines
s6-cut <words
s6-cut -b 1-3 <words
s6-cut -c 2,4 <words
s6-cut -d : -f 2 <words
s6-cut -d: -f2 -s <words
s6-cut -d ' ' -f 2- <words
s6-cut -b -2 <words
s6-cut -b 0 <words
s6-cut -b 3-1 <words
s6-cut -b 3,1 <words
s6-cut -b 5-,1-2 <words
s6-cut -b '1 3' <words
s6-cut -f 1 -b 1 <words
s6-cut -b x <words
printf 'a\tb\n' | s6-cut -f 2
printf abc | s6-cut -b 2
s6-cut -b 1 f f
s6-cut -b 1 f nosuch
s6-cut -d xy -f1 <words
s6-cut -nb 1 <words
printf 'é€x\n' | s6-cut -c 2
printf 'a::b\n' | s6-cut -d: -f 2,3
printf 'a:b' | s6-cut -d: -f 1
printf 'a:b:c:d\n' | s6-cut -d: -f 1,3-4,2
printf 'a:b\n' | s6-cut -d: -f 5
s6-cut -b '' <words
s6-cut -b 1,,2 <words
s6-cut -b 2-2 <words
s6-cut -b - <words
s6-cut -b 1--2 <words
s6-seq
s6-seq 3
s6-seq 2 4
s6-seq 1 2 6
s6-seq -w 8 10
s6-seq -s , 3
s6-seq -s xy 3
s6-seq 0
s6-seq 3 1
s6-seq 1 x
s6-seq -1
s6-seq 1 2 3 4
s6-seq -w 1 7 20
s6-seq 007
s6-seq -s '' 2
"""

OTHER = r"""
s6-sleep
s6-sleep x
s6-sleep 0
s6-sleep 0.1
s6-sleep -1
s6-sleep -m 5 echo hi
s6-sleep -m 5 nosuchprog
s6-maximumtime
s6-maximumtime 100
s6-maximumtime x echo a
s6-maximumtime 0 echo a
s6-maximumtime 20000 sh -c 'exit 3'
s6-maximumtime 20000 sh -c 'exit 130'
s6-maximumtime 20000 sh -c 'exit 255'
s6-maximumtime 20000 sh -c 'kill -9 $$'
s6-maximumtime 50 sleep 5
s6-maximumtime -k 50 sleep 5
s6-maximumtime -0 50 sh -c 'exec sleep 3 >/dev/null 2>&1'
s6-maximumtime 20000 nosuch
s6-maximumtime 20000 /etc/passwd
s6-maximumtime 20000 sh -c 'kill -TERM $PPID; sleep 5'
trap '' HUP; s6-maximumtime 20000 sh -c 'grep -E "Sig(Blk|Ign)" /proc/self/status | sed "s/:.*\(....\)\$/\1/"'
s6-env -i A=1 B=2 s6-printenv
s6-env -i A=1 /usr/bin/env
s6-env -i A=1 env
s6-env nosuch
s6-env -x
s6-env -i A=1 A=2 /usr/bin/env
env -i A=1 B=2 $(which s6-printenv)
env -i A=1 B=2 $(which s6-printenv) -n
env -i A=1 B=2 $(which s6-printenv) -0
env -i A=1 B=2 $(which s6-printenv) -d ,
env -i A=1 B=2 $(which s6-printenv) -d xy
env -i A=1 B=2 $(which s6-printenv) A
env -i $(which s6-printenv) -n
s6-nice
s6-nice nice
s6-nice -n 5 nice
s6-nice -n -5 nice
s6-nice -n x nice
s6-nice -n 100 nice
s6-nice -i -n 5
setpriv --reuid 33 --clear-groups $(which s6-nice) -n -5 nice
setpriv --reuid 33 --clear-groups $(which s6-nice) -i -n -5 nice
s6-true x
s6-false
s6-clock x
s6-clock | cut -c 1-9
s6-pause -p x
timeout -s HUP 0.1 s6-pause -t
s6-pause -p 1,15 & until grep -q '^SigIgn:.*400[1357]$' /proc/$!/status; do sleep 0.01; done; kill -HUP $!; kill -KILL $!; wait $!
s6-dumpenv
env -i A=1 B="x$(printf '\ny')" $(which s6-dumpenv) new
env -i A=2 C= $(which s6-dumpenv) -N -m 700 new
env -i C= $(which s6-dumpenv) d
env -i A=1 $(which s6-dumpenv) f
umask 077; env -i X=1 $(which s6-dumpenv) new
env -i X=1 $(which s6-dumpenv) no/such
env -i X=1 $(which s6-dumpenv) -m x new
"""

LINES = r"""
s6-expr
s6-expr 128 + 9
s6-expr 7
s6-expr abc
s6-expr 007
s6-expr 0
s6-expr -5
s6-expr 1 + 2 \* 3
s6-expr \( 1 + 2 \) \* 3
s6-expr 10 - 4 - 3
s6-expr 17 / 5
s6-expr -17 / 5
s6-expr 17 % 5
s6-expr -17 % 5
s6-expr 1 = 1
s6-expr 1 = 01
s6-expr a \< b
s6-expr 10 \> 9
s6-expr 9 \>= 10
s6-expr 2 + 3 = 5
s6-expr '' \| abc
s6-expr 1 \& 0 \| 5
s6-expr 5 \| 1 \& 0
s6-expr 1 \< 2 \& 3 \< 4
s6-expr 1 +
s6-expr + 1
s6-expr 1 2
s6-expr \( 1
s6-expr 1 \)
s6-expr \( \)
s6-expr a + 1
s6-expr 1 + ''
s6-expr abc : a
s6-expr 9223372036854775807 - 1
s6-expr 3 - 5
s6-expr \( \( \( 2 \) \) \)
s6-expr 256 = 256 \& 15 \> 0
printf 'a\nb\n' | s6-format-filter '[web] %s'
printf 'a\nb' | s6-format-filter '[web] %s'
printf '\n\n' | s6-format-filter '<%s>'
s6-format-filter '[web] %s' </dev/null
printf 'a\n' | s6-format-filter 'plain'
printf 'a\nb\n' | s6-format-filter ''
printf 'a\n' | s6-format-filter '%1 %s %2 %s' x 'y z'
printf 'a\n' | s6-format-filter '100%% of %s'
printf '%%s %%1 \\n\n' | s6-format-filter '%s-%1' '%s'
printf 'a\n' | s6-format-filter '%9%1' 1 2 3 4 5 6 7 8 9 10
printf 'a\0b\n' | s6-format-filter '(%s)'
printf 'a\n' | s6-format-filter '-n %s'
printf 'a\n' | s6-format-filter
printf 'a\n' | s6-format-filter 'ab%'
printf 'a\n' | s6-format-filter '%d'
printf 'a\n' | s6-format-filter '%3|' x
printf 'a\n' | s6-format-filter '\t%s\n'
seq 3000 | s6-format-filter '%s %s' | tail -n 1
s6-expr 1 \| 7 / 0
s6-expr 0 \& 7 / 0
s6-expr 9223372036854775807 + 1
s6-expr 2147483647 + 1
s6-expr 3000000000
s6-expr 3000000000 + 1
s6-expr +5 + 1
s6-expr 1 = +1
s6-expr 0 \| 00
s6-expr 1 + -3
printf 'a\n' | s6-format-filter '%%%s%%'
printf 'a\n' | s6-format-filter '%10' x
"""

PACKAGED = r"""
env -i U=1 $(which s6-envdir) env /usr/bin/env | sort
env -i U=1 $(which s6-envdir) -n env /usr/bin/env | sort
env -i U=1 $(which s6-envdir) -f env /usr/bin/env | sort
env -i U=1 $(which s6-envdir) -fn env /usr/bin/env | sort
env -i U=1 $(which s6-envdir) -fn -- env /usr/bin/env | sort
env -i U=1 $(which s6-envdir) -c xyz env /usr/bin/env | sort
env -i U=1 $(which s6-envdir) -L env /usr/bin/env | sort
env -i U=1 $(which s6-envdir) -Lf env /usr/bin/env | sort
s6-envdir nosuch true
s6-envdir -I nosuch echo a
s6-envdir -Ii nosuch echo a
s6-envdir -iI nosuch echo a
s6-envdir full true
s6-envdir f true
mkdir x; ln -s nosuch x/a; s6-envdir x true
s6-envdir env
s6-envdir
s6-envdir -z env true
s6-envdir env nosuch
for l in a c d f l m o p r s t; do s6-softlimit -$l 70000000 cat /proc/self/limits; done
for l in a c d f l m o p r s t; do s6-softlimit -$l = cat /proc/self/limits; done
s6-softlimit -o 100 -c 0 sh -c 'ulimit -n; ulimit -c; ulimit -Hn'
s6-softlimit -o100 sh -c 'ulimit -n'
s6-softlimit -o 99999999 sh -c 'ulimit -n'
s6-softlimit -o -1 true
s6-softlimit -o 10x true
s6-softlimit -x 10 true
s6-softlimit -o 10
s6-softlimit true
s6-softlimit nosuch
s6-setlock -n lk echo a
s6-setlock -r lk2 true
s6-setlock no/such true
s6-setlock -n lk sh -c 's6-setlock -n lk echo b'
s6-setlock -r lk sh -c 's6-setlock -nr lk echo b'
s6-setlock -r lk sh -c 's6-setlock -nw lk echo b'
s6-setlock -w lk sh -c 's6-setlock -nr lk echo b'
s6-setlock lk sh -c 's6-setlock -t 50 lk echo c; echo $?'
s6-setlock -t 5000 lk echo d
s6-setlock -t x lk true
s6-setlock lk
s6-setlock lk nosuch
s6-setlock d true
s6-setlock -n lk sh -c 'flock -n lk echo flock; echo $?'
s6-setlock -n lk python3 -c 'import os; print(len(os.listdir("/proc/self/fd")))'
s6-setsid ps -o pid=,sid=,pgid= -p $$ >/dev/null
s6-setsid sh -c 'ps -o sid=,pgid= -p $$ | tr -d "\n" | tr -s " " "\n" | grep -c "^$$\$"'
s6-setsid -b sh -c 'ps -o sid=,pgid= -p $$ | tr -d "\n" | tr -s " " "\n" | grep -c "^$$\$"'
s6-setsid -f true
s6-setsid -i -f true
s6-setsid -q -f true
s6-setsid -I -g true
s6-setsid s6-setsid echo a
s6-setsid s6-setsid -i echo a
s6-setsid s6-setsid -b echo a
s6-setsid s6-setsid -qi true
s6-setsid s6-setsid -iq echo a
s6-setsid -d x true
s6-setsid
s6-fghack
s6-fghack true
s6-fghack sh -c 'exit 3'
s6-fghack sh -c 'exit 200'
s6-fghack sh -c '(sleep 0.1; echo end)& exit 3'
s6-fghack sh -c 'echo x >&17; sleep 0.1'
s6-fghack sh -c 'kill -9 $$'
s6-fghack nosuch
s6-fghack /etc/passwd
"""

# case -> (exit code, stdout or None, why)
DIFFERENT = {
    "s6-hiercopy deep d": (0, "", "replaces a link in the way instead of writing through it"),
    "printf 'a\\nb' | s6-tail -n 1": (0, "b", "a last line without its end is a line"),
    "s6-grep -c o <lines": (0, "2\n", "the reference forgets to print the number"),
    "s6-grep -c zzz <lines": (1, "0\n", "the same"),
    "s6-grep -cn o <lines": (0, "2\n", "the same"),
    "s6-grep -vc o <lines": (0, "2\n", "the same"),
    "s6-dirname ///a//b//": (0, "///a\n", "slashes at the end are no part of it"),
    "printf 'a\\0b\\na\\0a\\n' | s6-sort": (0, "a\0a\na\0b\n", "NUL bytes count"),
    "env -i U=1 $(which s6-envdir) -L env /usr/bin/env | sort": (
        0, None, "the reference loses the value of a long line"),
    "s6-expr abc": (0, "abc\n", "texts are values, as in POSIX expr, which the reference's page promises"),
    "s6-expr a \\< b": (0, "1\n", "the same"),
    "s6-expr '' \\| abc": (0, "abc\n", "the same"),
    "s6-expr 007": (0, "007\n", "the same"),
    "s6-expr 9223372036854775807 + 1": (2, "", "what does not fit is said"),
    "printf 'a\\0b\\n' | s6-format-filter '(%s)'": (0, "(a\0b)\n", "NUL bytes count"),
    "printf 'a\\n' | s6-format-filter 'ab%'": (100, "", "a wrong format is wrong usage"),
    "printf 'a\\n' | s6-format-filter '%d'": (100, "", "the same"),
    "printf 'a\\n' | s6-format-filter '%3|' x": (100, "", "the same"),
    "s6-softlimit -x 10 true": (100, "", "an unknown option is wrong usage"),
}


def cases(text):
    return [line for line in text.splitlines() if line]


def fill(folder):
    """What every case finds."""
    os.chmod(folder, 0o755)
    script = r"""
    umask 022
    printf 'x\n' >f; chmod 4751 f; printf 'y\n' >g; touch -d 2001-01-01 f
    printf 'x\ny\n' >two
    mkdir d full; touch d/a d/.b d/c full/in
    ln -s f l; ln -s d dl; ln -s nosuch bl; mkfifo -m 640 p
    printf 'foo\nbar\nFoo\nba.\n' >lines
    printf 'one two three\nabcdef\n\nx:y:z\n' >words
    mkdir -p d/full/in deep/d/e; echo a >deep/a; chmod 4751 deep/a; ln -s a deep/l
    mkfifo -m 640 deep/p; chmod 1700 deep/d; echo deep >deep/d/e/x; chown 5:6 deep/d deep/a
    chown -h 7:8 deep/l; mknod -m 600 deep/dev c 1 3; ln -s ../f d/l
    mkdir env; printf 'v \t\nsecond\n' >env/A; printf 'x\0y\n' >env/N; : >env/U; printf '\n' >env/E
    printf 'a\nb\n\n' >env/M; echo d >env/.dot; echo q >env/q=1; printf '   \n' >env/BLANK
    printf noend >env/NOEND; printf 'a \0 \n' >env/NULL; head -c 5000 /dev/zero | tr '\0' a >env/BIG
    """
    # busybox has all of these commands in its shell: two dozen processes less for each case.
    subprocess.run(["busybox", "sh", "-ec", script], cwd=folder, check=True)


def tree(folder):
    seen = {}
    for path in sorted(folder.rglob("*")):
        s = path.lstat()
        what = [oct(s.st_mode), s.st_uid, s.st_gid, s.st_nlink]
        if stat.S_ISDIR(s.st_mode):
            what.pop()
        elif stat.S_ISLNK(s.st_mode):
            what.append(os.readlink(path))
        elif stat.S_ISREG(s.st_mode):
            what.append(path.read_text(errors="replace"))
        seen[str(path.relative_to(folder))] = what
    return seen


def run(programs, case, folder):
    """[exit code, stdout, what is new or other in the folder]"""
    folder.mkdir()
    fill(folder)
    before = tree(folder)
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": "/"}
    r = subprocess.run(["sh", "-c", case], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=60,
                       preexec_fn=lambda: os.setpriority(os.PRIO_PROCESS, 0, 0))
    after = tree(folder)
    changes = {k: after.get(k) for k in {*before, *after} if before.get(k) != after.get(k)}
    out = r.stdout.decode(errors="surrogateescape").replace(str(folder), "FOLDER")
    return [r.returncode, out, changes], r.stderr.decode(errors="replace")


@pytest.fixture(scope="session")
def ours(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bin")
    for parent in (folder, *folder.parents):
        if parent.is_relative_to("/tmp") and parent != Path("/tmp"):
            parent.chmod(0o755)
    (folder / "overlog").write_bytes(OVERLOG.read_bytes())
    (folder / "overlog").chmod(0o755)
    names = subprocess.run([OVERLOG, "commands"], capture_output=True, text=True, check=True)
    for name in names.stdout.split():
        if "s6-" in name or name == "with-retries":
            (folder / name).symlink_to("overlog")
    return folder


def check(case, mine, theirs):
    result, said = mine
    if case in DIFFERENT:
        code, out, _ = DIFFERENT[case]
        assert (result[0], result[1] if out is not None else None) == (code, out), said
        assert result != theirs, "no longer different"
        return
    assert result == theirs, said
    if result[0] in (100, 111, 126, 127) and "exit" not in case:
        assert said, "a failure without a message"


@pytest.mark.parametrize("case", cases(PACKAGED))
def test_like_the_package(ours, tmp_path, case):
    theirs, _ = run("/nonexistent", case, tmp_path / "theirs")
    check(case, run(ours, case, tmp_path / "ours"), theirs)


@pytest.mark.parametrize("case", cases(FILES + TEXT + OTHER + LINES))
def test_like_the_record(ours, tmp_path, case):
    recorded = json.loads(RECORD.read_text())[case]
    if UTILS:
        assert run(UTILS, case, tmp_path / "theirs")[0] == recorded
    check(case, run(ours, case, tmp_path / "ours"), recorded)
