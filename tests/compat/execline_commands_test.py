"""The commands of execline through the packaged ones and ours: the same arguments must give the same
stdout, exit code and effects (which the cases print).

A case is a line: NAME=value words, then a command with blocks in braces, quoted as in a shell. A
pair of lines is a case and its stdin. SAME must agree with the package, which is 2.9.3; OURS says
where we do not, what we do, and why.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from lib.build import OVERLOG

REFERENCE = Path("/usr/lib/execline/bin")

CONTROL = r"""
if { true } echo yes
if { nosuch } echo yes
if { } echo yes
if { /etc/passwd } echo yes
if { false }
if { true }
if -n { true } echo x
if -n { false } echo x
if -n { nosuch } echo x
if -n { sh -c 'exit 130' } echo a
if -n -x 4 { true } echo a
if -t { false } echo x
if -x 7 { false } echo x
if -nt { true } echo x
if -x 300 { false } echo x
if -x abc { false } echo x
if { sh -c 'exit 127' } echo x
if { sh -c 'exit 128' } echo x
if { sh -c 'exit 130' } echo x
if { sh -c 'kill -9 $$' } echo x
if -X { sh -c 'kill -9 $$' } echo x
if -Xn { sh -c 'kill -9 $$' } echo x
if -x 5 { sh -c 'kill -9 $$' } echo x
if -t { sh -c 'kill -9 $$' } echo x
if true echo
if
if true '' echo hi
if -z { true } echo
ifelse { true } { echo a } echo b
ifelse -- { true } { echo a } echo b
ifelse { false } { echo a } echo b
ifelse -n { false } { echo a } echo b
ifelse { false } { echo a }
ifelse { true } { } echo b
ifelse { nosuch } { echo a } echo b
ifelse { true }
ifelse { sh -c 'kill -9 $$' } { echo a } echo b
ifelse -X { sh -c 'kill -9 $$' } { echo a } echo b
ifelse -Xn { sh -c 'kill -9 $$' } { echo a } echo b
ifte { echo t } { echo e } true
ifte { echo t } { echo e } false
ifte -n { echo t } { echo e } false
ifte { echo t } { echo e }
ifte { echo t } { echo e } nosuch
ifte { } { echo e } true
ifte { echo t } { echo e } sh -c 'kill -9 $$'
ifte -X { echo t } { echo e } sh -c 'kill -9 $$'
ifthenelse { true } { echo a } { echo b } env
ifthenelse { false } { echo a } { sh -c 'exit 3' } env
ifthenelse { false } { echo a } { sh -c 'kill -9 $$' } env
ifthenelse { nosuch } { echo a } { echo b } env
ifthenelse { true } { nosuch } { echo b } env
ifthenelse { true } { } { echo b } env
ifthenelse { true } { echo a } { echo b }
ifthenelse { sh -c 'kill -9 $$' } { echo a } { echo b } env
ifthenelse -X { sh -c 'kill -9 $$' } { echo a } { echo b } env
foreground { true } env
foreground { sh -c 'exit 200' } env
foreground { sh -c 'kill -9 $$' } env
foreground { nosuch } env
foreground { } env
foreground { echo a }
foreground
foreground { }
foreground -- { true } echo b
foreground { foreground { echo a } echo b } echo c
background { true } env
background { sh -c 'echo a >f' } sh -c 'while ! test -s f; do sleep 0.01; done; cat f'
background -d { sh -c 'echo a >f' } sh -c 'while ! test -s f; do sleep 0.01; done; cat f'
background -d { true } env
background { nosuch } env
background { } env
background { true }
background -d { nosuch } env
EXECLINE_STRICT=1 if true '' echo hi
EXECLINE_STRICT=2 if true '' echo hi
EXECLINE_STRICT=x if true '' echo hi
EXECLINE_STRICT=2 ifelse { true } x y '' echo hi
EXECLINE_STRICT=1 ifelse { true } ' echo' y '' echo hi
EXECLINE_STRICT=0 ifelse { true } ' echo' y '' echo hi
EXECLINE_STRICT=2 ifelse { true } { echo a } echo b
"""

PROCESS = r"""
exec echo a
exec -c env
exec -c echo a
exec -c /usr/bin/env
exec -a foo sh -c 'echo $0'
exec -l sh -c 'tr "\0" " " </proc/$$/cmdline'
exec -la foo sh -c 'tr "\0" " " </proc/$$/cmdline'
exec
exec -c
exec nosuch
exec /etc/passwd
exec /
exit
exit 0
exit 3
exit 256
exit 300
exit -1
exit x
exit 3x
exit 3 4
exit ""
exit 4294967296
exit +3
cd / pwd
cd nosuch pwd
cd /
cd
cd -P / pwd
cd -- / pwd
execline-cd / pwd
execline-cd nosuch pwd
umask 077 sh -c umask
umask 22 sh -c umask
umask 9 sh -c umask
umask 7777 sh -c umask
umask x sh -c umask
umask 022
umask
execline-umask 077 sh -c umask
tryexec { echo a } echo b
tryexec { nosuch } echo b
tryexec { /etc/passwd } echo b
tryexec -n { echo a } echo b
tryexec -n { echo a } nosuch
tryexec { nosuch } nosuch2
tryexec -c { /usr/bin/env } echo b
A=b tryexec -c { nosuch } env
A=b tryexec -cn { env } nosuch
tryexec -a foo { sh -c 'tr "\0" " " </proc/$$/cmdline' } echo b
tryexec { } echo b
tryexec { echo a }
tryexec { nosuch }
posix-cd / pwd
posix-cd -P / pwd
posix-cd
posix-cd nosuch pwd
posix-cd /
posix-cd -L /usr/bin/.. env
HOME=/usr posix-cd
HOME=/usr posix-cd /etc env
CDPATH=/usr posix-cd bin pwd
CDPATH=/usr posix-cd bin env
CDPATH=/usr posix-cd ./bin env
CDPATH=:/usr posix-cd bin pwd
CDPATH=/nosuch:/usr/ posix-cd bin pwd
PWD=/usr OLDPWD=/etc posix-cd - env
PWD=/usr posix-cd /usr/bin/.. env
posix-cd /usr//bin/./../lib env
posix-umask 077 sh -c umask
posix-umask
posix-umask -S
posix-umask a-w sh -c umask
posix-umask -S 077
posix-umask -S 077 sh -c umask
posix-umask 1x sh -c umask
posix-umask +w sh -c umask
posix-umask u+w,g=u sh -c umask
posix-umask o-x sh -c umask
posix-umask u=rwx,go=rx sh -c umask
posix-umask ug+rw,o-rwx sh -c umask
posix-umask zz sh -c umask
"""

ENVIRONMENT = r"""
export A b env
export A '' env
A=x export A b env
export A=B c env
export A b
export A
export
A=b unexport A env
A=b unexport A=B env
unexport A
unexport
emptyenv
emptyenv env
A=b emptyenv env
A=b LD_LIBRARY_PATH=/ emptyenv -p env
A=b '?=3' '!=4' '#=2' 0=x 1=y 2=z 3=w FD0=4 ELGETOPT_a=1 ELGETOPT_a:1=1 EXECLINE_STRICT=1 '#:1=3' 0:1=d X=2 emptyenv -c env
A=b '?=3' '#=2' 0=x 1=y 2=z ELGETOPT_a=1 ELGETOPT_a:1=2 ELGETOPT_b:2=4 EXECLINE_STRICT=1 '#:1=3' 0:1=d emptyenv -o env
A=b '?=3' '#=2' 0=x 1=y 2=z ELGETOPT_a=1 ELGETOPT_a:1=2 ELGETOPT_b:2=4 EXECLINE_STRICT=1 '#:1=3' 0:1=d 1:2=g emptyenv -P env
A=b '?=3' '#=2' 0=x 1=y 2=z ELGETOPT_a=1 ELGETOPT_a:1=2 ELGETOPT_b:2=4 '#:1=3' 0:1=d 1:2=g emptyenv -oP env
A=b '?=3' '#=2' 0=x emptyenv -cP env
A=b '?=3' '#=2' 0=x emptyenv -cp env
A=b '?=3' '#=2' 0=x emptyenv -pP env
A=b emptyenv -p
A=b emptyenv -z env
getcwd V sh -c 'test $V = $(pwd -P) && echo same'
getcwd V
getcwd A=B env
cd / getcwd -E V echo x${V}
getpid V sh -c 'test $V = $$ && echo same'
getpid -P V sh -c 'test $V = $PPID && echo same'
getpid -E V sh -c 'test $0 = $$ && echo same' $V
getpid -EP V sh -c 'test $0 = $PPID && echo same' $V
getpid -E A=B echo
getpid A=B echo
getpid V
homeof root
homeof nosuch
homeof
homeof root x
execlineb -c env x y
'#=1' 0=a 1=b '#:1=4' 0:1=5 execlineb -c env x y
'#=1' 0=a 1=b execlineb -p -c env x
execlineb -c 'elgetpositionals echo $0 $1'
"""

CAPTURE = r"""
backtick V { echo a } env
backtick V { printf 'a\n\n' } env
backtick -N V { echo a } env
backtick V { sh -c 'echo a; exit 3' } env
backtick V { sh -c 'echo a; kill -9 $$' } env
backtick V { sh -c 'exit 200' } env
backtick V { printf 'a\0b' } env
backtick -E V { echo a b } echo x ${V} $V ${?}
V=old backtick -E V { echo a b } env
backtick V { echo a }
backtick V { } env
backtick V { nosuch } env
backtick -I V { nosuch } env
backtick -x V { nosuch } env
backtick -D d V { nosuch } env
backtick A=B { echo a } env
backtick "" { echo a } env
backtick V
backtick
backtick V { true } env
backtick V { head -c 200000 /dev/zero } env
backtick V { sh -c 'yes | head -c 100000' } sh -c 'echo ${#V}'
"""

STDIN = [
    ("withstdinas V env", "a\nb\n"),
    ("withstdinas -N V env", "a\n"),
    ("withstdinas V env", ""),
    ("withstdinas -E V echo ${V}x", "a b\n"),
    ("withstdinas -i V env", "a\0b"),
    ("withstdinas -I V env", "a\0b"),
    ("V=old withstdinas -I V env", "a\0b"),
    ("V=old withstdinas -IE V echo x${V}", "a\0b"),
    ("withstdinas V env", "a\0b"),
    ("withstdinas -D d V env", "a\0b"),
    ("withstdinas -D d V env", "ab"),
    ("withstdinas -i V env", "ab\n"),
    ("withstdinas V", ""),
    ("withstdinas A=B env", "d"),
    ("forstdin A sh -c 'echo x$A'", "a\nb\nc\n"),
    ("forstdin A sh -c 'echo x$A'", "a\nb\nc"),
    ("forstdin -N A sh -c 'echo \"x$A\"'", "a\nb\nc"),
    ("forstdin A sh -c 'echo x$A'", ""),
    ("forstdin A sh -c 'echo x$A'", "a"),
    ("forstdin -C A sh -c 'echo x$A'", "a\n\nb\n"),
    ("forstdin -C A sh -c 'echo x$A'", "\n\n\na\n"),
    ("forstdin -CN A sh -c 'echo x$A'", "\n\n\na\n\n"),
    ("forstdin A sh -c 'echo x$A'", "a\n\nb\n"),
    ("forstdin -d: A sh -c 'echo x$A'", "a:b:c"),
    ("forstdin -d:, A sh -c 'echo x$A'", "a:b,c:"),
    ("forstdin -0 A sh -c 'echo x$A'", "a\0b\0"),
    ("forstdin -0 -d: A sh -c 'echo x$A'", "a:b:"),
    ("forstdin -d: -0 A sh -c 'echo x$A'", "a\0b\0"),
    ("forstdin A sh -c 'echo x$A'", "a\0b\n"),
    ("forstdin -d \"\" A sh -c 'echo x$A'", "1:a,2:bc,"),
    ("forstdin -d \"\" A sh -c 'echo x$A'", "1:a,2:bc"),
    ("forstdin -E A echo y$A", "a\nb\n"),
    ("forstdin -o 0 A sh -c 'echo $A; test $A != b'", "a\nb\nc\n"),
    ("forstdin -x 3 A sh -c 'echo $A; test $A != b || exit 3'", "a\nb\nc\n"),
    ("forstdin -x 3 A sh -c 'echo $A; test $A != b || exit 4'", "a\nb\nc\n"),
    ("forstdin -p A sh -c 'exit 3'", "a\nb\nc\n"),
    ("forstdin -p -x 3 A sh -c 'exit 3'", "a\nb\nc\n"),
    ("forstdin A sh -c 'cat; echo $A'", "a\nb\nc\n"),
    ("forstdin A nosuch", "a\nb\nc\n"),
    ("forstdin A", ""),
    ("forstdin", ""),
    ("forstdin A=B true", "a\n"),
    ("forstdin -C A sh -c 'echo x$A'", "\n"),
    ("forstdin -C A sh -c 'echo x$A'", "\n\nb"),
    ("forbacktickx A { printf 'a\\nb\\n' } cat", "stdin"),
    ("forbacktickx A { cat } cat", "stdin\n"),
    ("envfile - env", "A=b\nC=d\n"),
    ("envfile - env", "  A = b c  \n# comment\n\n  # another\nC=\n"),
    ("envfile - env", "A=\" b \"\nB=\"a\\tb\\x41\\101\"\n"),
    ("envfile - env", "A=b\\\nc\nD=e\n"),
    ("envfile - env", "A=\\\n  b\n"),
    ("envfile - env", "A\n"),
    ("envfile - env", "=b\n"),
    ("envfile - env", "A=\"b\n"),
    ("envfile - env", "A=\"b\" c\n"),
    ("envfile - env", "A=b\"c\n"),
    ("envfile - env", "A=b"),
    ("envfile - env", ""),
    ("envfile - env", "A B=c\n"),
    ("envfile - env", "A=b=c\n"),
    ("envfile - env", "A=b #c\n"),
    ("envfile - env", "A=a\\nb\n"),
    ("envfile - env", "A='b'\n"),
    ("envfile - env", "A=\"\\q\"\n"),
    ("envfile - env", "A=\"a\nb\"\n"),
    ("envfile - env", "A=\"a\\\nb\"\n"),
    ("envfile - env", "\tA\t=\tb\t\n"),
    ("envfile - env", "A=b\r\n"),
    ("envfile - env", "# c\\\nA=b\n"),
    ("envfile -", ""),
]

DESCRIPTORS = r"""
fdmove 1 2 sh -c 'echo a; ls -l /proc/self/fd | grep -c " 2 "'
fdmove -c 1 2 sh -c 'echo a >&2'
fdmove 1 1 echo a
fdmove -c 1 1 echo a
fdmove 1 9 echo a
fdmove -c 1 9 echo a
fdmove x 1 echo a
fdmove 1
fdmove 1 2
fdmove 5 1 sh -c 'echo a >&5'
fdmove 5 1 echo a
fdmove -c 5 1 sh -c 'echo a; echo b >&5'
fdclose 1 echo a
fdclose 9 echo a
fdclose x echo
fdclose 1
fdclose
fdblock 0 echo a
fdblock -n 0 sh -c 'grep flags /proc/self/fdinfo/0'
fdblock -n 0 fdblock 0 sh -c 'grep flags /proc/self/fdinfo/0'
fdblock 9 echo a
fdblock x echo
fdblock 0
fdswap 1 2 sh -c 'echo a; echo b >&2'
fdswap 1 1 echo a
fdswap 1 9 echo a
fdswap 5 6 echo a
fdswap 1 x echo a
fdswap 1 2
fdreserve 2 env
fdreserve 0 env
fdreserve x env
fdreserve 2
fdreserve
piperw 5 6 sh -c 'echo a >&6; head -c2 <&5'
piperw 6 5 sh -c 'echo a >&5; head -c2 <&6'
piperw 4 3 sh -c 'echo a >&3; head -c2 <&4'
piperw 3 4 sh -c 'echo a >&4; head -c2 <&3'
piperw 5 5 echo a
piperw x 5 echo a
piperw 5
piperw 5 6
redirfd -w 1 f sh -c 'echo hi; cat f >&2; stat -c %a f >&2'
redirfd -w 9 f sh -c 'echo hi >&9; cat f; stat -c %a f'
redirfd -r 0 /etc/hostname sh -c 'cat >/dev/null && echo ok'
redirfd -r 0 nosuch cat
foreground { redirfd -w 1 f echo a } foreground { redirfd -a 1 f echo b } cat f
foreground { redirfd -w 1 f echo abc } foreground { redirfd -w 1 f echo x } cat f
foreground { redirfd -w 1 f echo abc } foreground { redirfd -u 1 f echo x } cat f
foreground { redirfd -x 1 f echo a } cat f
redirfd -x 1 /etc/hostname echo a
redirfd -u 1 nosuch echo a
redirfd 1 f echo a
redirfd -r x f echo
redirfd -r 0
redirfd -r 0 f
redirfd -wnb 9 f sh -c 'grep flags /proc/self/fdinfo/9'
redirfd -wn 9 f sh -c 'grep flags /proc/self/fdinfo/9'
redirfd -wb 9 f sh -c 'grep flags /proc/self/fdinfo/9'
redirfd -an 9 f sh -c 'grep flags /proc/self/fdinfo/9'
redirfd -rb 9 /etc/hostname sh -c 'grep flags /proc/self/fdinfo/9'
redirfd -rn 9 /etc/hostname sh -c 'grep flags /proc/self/fdinfo/9'
foreground { mkfifo p } redirfd -wnb 9 p sh -c 'grep flags /proc/self/fdinfo/9'
foreground { mkfifo p } redirfd -rnb 9 p sh -c 'grep flags /proc/self/fdinfo/9'
foreground { mkfifo p } redirfd -wn 9 p sh -c 'grep flags /proc/self/fdinfo/9'
foreground { mkfifo p } redirfd -wnb 1 p sh -c 'echo a; echo survived >&2'
redirfd -r -w 1 f echo a
heredoc 0 hello cat
heredoc 0 '' cat
heredoc 5 hello sh -c 'cat <&5'
heredoc -d 0 hello cat
heredoc x hello cat
heredoc 0 hello
heredoc 0
pipeline { echo a } cat
pipeline -w { cat } echo a
pipeline -d { echo a } cat
pipeline -r { echo a } cat
pipeline { nosuch } cat
pipeline { echo a }
pipeline { echo a } env
pipeline { echo a } pipeline { cat } cat
"""

SUBSTITUTION = r"""
define A b echo x${A}y $A ${A}
define -- A b echo $A
define A 'a b' printf '<%s>' $A
define -s A 'a b' printf '<%s>' x${A}y
define -s A 'a b' printf '<%s>' ${A}${A}
define -s A 'a b' printf '<%s>' '\${A}' '\\${A}'
define A b printf '<%s>' '\${A}' '\\${A}' '\\\${A}' '\$A' '\x$A'
define A b printf '<%s>' '$AB' '$A.x' '$A-y' '$A/z' '$A$A' '$A{' '$A}' '$A\'
define -sC A '  a  b ' printf '<%s>' x${A}y
define -sn A '1 2 3' printf '<%s>' x${A}y
define -n A 'a ' printf '<%s>' x${A}y
define -N A 'a ' printf '<%s>' $A
define -Nns A 'a b' printf '<%s>' $A
define -d: -s A 'a:b' printf '<%s>' x${A}y
define -d ': ' -sC A 'a: b' printf '<%s>' $A
define -d "" -s A '1:a,2:bc,' printf '<%s>' x${A}y
define -d "" -s A '1:a,2:bc' printf '<%s>' x${A}y
define -d '' A 'a b' echo $A
define -d '' -s A '' echo $A x
define -s A '' echo $A
define -s A '' echo $A x
define -s A '' $A
define -s A ' ' printf '<%s>' x$A
define -sn A ' ' printf '<%s>' x$A
define -sn A '' printf '<%s>' x$A
define -sCn A '  a  b  ' printf '<%s>' x$A
define -C A 'a   b' printf '<%s>' $A
define A b
define A
define "" b echo
define A=B b echo ${A=B}
define A b foreground { echo ${A} } echo $A
define A '' foreground { printf '<%s>' ${A} x } echo $A
V=v importas A V echo $A
importas A V echo $A x
importas A V $A
importas -D d A V echo $A
importas -i A V echo $A
importas -iD d A V echo $A
V=v importas -u A V env
V=v importas -u A V echo $A
V="a b" importas -s A V printf '<%s>' x${A}
importas -sD 'a b' A V printf '<%s>' x${A}
importas -D "" A V printf '<%s>' x${A}
importas A V
importas -s A V
importas A
importas "" V echo
importas A "" echo x$A
importas A B=C echo x $A
'#=2' 0=z 1=a 2=b elgetpositionals echo $0 $# $1 $2 $3 $@ x${@}y
'#=2' 0=z 1=a 2=b elgetpositionals -P 3 printf '<%s>' $3 $2 $4
'#=2' 0=z 1=a elgetpositionals echo $1
'#=2' 1=a 2=b elgetpositionals echo $1
elgetpositionals echo $1
'#=x' 0= elgetpositionals echo $1
'#=0' 0=z elgetpositionals echo $0 $@
'#=0' 0=z elgetpositionals
'#=0' 0=z elgetpositionals -P x echo
V=v multisubstitute { define A b importas C V } echo $A $C
V=v multisubstitute { define A b define A c } echo $A
multisubstitute { define A b importas -i C V } echo $A $C
multisubstitute { define A '$B' define B '$A' } echo $A $B
multisubstitute { foo A b } echo $A
multisubstitute { import V } echo $V
multisubstitute { define A } echo $A
multisubstitute { define -z A 'a b' } echo x$A
multisubstitute { define -s A 'a b' } echo x$A
multisubstitute { define "" b } echo
multisubstitute { define -s A '' } $A
multisubstitute { importas A } echo x$A
multisubstitute { } echo a
multisubstitute { define A b }
multisubstitute
multisubstitute ' define' ' A' ' b'
V=v multisubstitute { importas -u C V } env
V=v multisubstitute { importas -u A V importas B V } echo $A $B
'#=1' 0=z 1=a multisubstitute { elgetpositionals define B c } echo $1 $B $#
multisubstitute { elgetpositionals } echo a
'#=2' 0=a 1=b multisubstitute { elgetpositionals } echo a
'#=2' 0=a 1=b 2=c multisubstitute { elgetpositionals define 1 x } echo a
'#=0' 0=z multisubstitute { elgetpositionals -P 3 } printf '<%s>' $3
multisubstitute { multidefine 'a b' { X Y } define Z c } echo $X $Y $Z
multisubstitute { multidefine 'a b' } echo x$A
multisubstitute { multidefine 'a b' { X X } } echo x$A
multisubstitute { multidefine 'a b' { X "" } define X c } echo $X
multisubstitute { multidefine 'a b' { X "" } importas -D d C V } echo $X $C
multisubstitute { elglob -s X /etc/host* } echo $X
multisubstitute { elglob -0 X /nosuch* } echo a$X
multidefine 'a b c' { X Y } echo $X $Y
multidefine -r 'a b c' { X Y } echo $X $Y
multidefine 'a' { X Y } printf '<%s>' $X $Y
multidefine -0 'a' { X Y } printf '<%s>' $X $Y
multidefine 'a b c' { X "" Y } echo $X $Y
multidefine 'a b c' { X } echo $X
multidefine 'a b c' { } echo
multidefine -d: 'a:b:c' { X Y } echo $X $Y
multidefine -r '' { X Y } printf '<%s>' a$X $Y
multidefine -r 'a b' { X Y } printf '<%s>' $X $Y
multidefine -r 'a' { X Y } printf '<%s>' $X $Y
multidefine -0r 'a' { X Y } printf '<%s>' $X $Y
multidefine 'a b' { X Y }
multidefine 'a b' { X X } echo $X
elglob -s A '/etc/host*' echo $A
elglob -w A '/etc/host*' true $A
elglob -v A '/root/../nosuch/*' echo $A
elglob A '/nosuch*' echo $A
elglob -0 A '/nosuch*' echo $A x
elglob -m A '/et*' echo $A
elglob -e A '/et\*' echo $A
elglob A '/et\*' echo $A
elglob A '' echo x$A
elglob A '/etc/host*'
elglob A
elglob '' x echo
"""

POSITIONAL = r"""
'#=2' 1=a 2=b dollarat
'#=2' 1=a 2=b dollarat -n
'#=2' 1=a 2=b dollarat -d:
'#=2' 1=a 2=b dollarat -nd:
'#=2' 1=a 2=b dollarat -0
'#=2' 1=a 2=bb dollarat -d ""
'#=2' 1=a dollarat
dollarat
'#=0' dollarat
'#=0' dollarat -n
'#=2' 1=a 2=b dollarat -n x y
'#=2' 0=z 1=-a 2=b elgetopt ab env
'#=3' 0=z 1=-abfoo 2=-c 3=b elgetopt ab:c env
'#=3' 0=z 1=-ab 2=-c 3=b elgetopt ab:c env
'#=3' 0=z 1=-a 2=-b 3=b elgetopt a env
'#=1' 0=z 1=-b elgetopt b: env
'#=3' 0=z 1=-a 2=-- 3=-b elgetopt ab env
'#=3' 0=z 1=x 2=-a 3=-b elgetopt ab env
'#=3' 0=z 1=-a 2=- 3=-b elgetopt ab env
'#=1' 0=z 1=-a ELGETOPT_a=old ELGETOPT_b=old elgetopt ab env
'#=1' 0=z 1=-a elgetopt -D x a env
'#=0' 0=z elgetopt a env
elgetopt a env
'#=1' 0=z elgetopt a env
'#=1' 0=z 1=-a elgetopt a
'#=2' 0=z 1=-aa 2=-ba elgetopt ab: env
'#=2' 0=z 1=-ba 2=-bc elgetopt ab: env
'#=1' 0=z 1=-a elgetopt :ab env
'#=3' 0=z 1=a 2=b 3=c shift env
'#=3' 0=z 1=a 2=b 3=c shift -n 2 env
'#=3' 0=z 1=a 2=b 3=c shift -n 5 env
'#=3' 0=z 1=' a' 2= 3=c shift -b 1 env
'#=4' 0=z 1=x 2=' a' 3= 4=c shift -n 1 -b 1 env
'#=3' 0=z 1=a 2=b 3=c shift -n 0 env
'#=3' 0=z 1=a 2=b 3=c shift -b 1 env
'#=1' 0=z 1=a shift
shift env
shift -n x env
runblock 1
'#=3' 0=z 1=' echo' 2=' a' 3= runblock 1
'#=6' 0=z 1=' echo' 2=' a' 3= 4=' echo' 5=' b' 6= runblock 2
'#=6' 0=z 1=' echo' 2=' a' 3= 4=echo 5=b 6=c runblock -r 1
'#=6' 0=z 1=' echo' 2=' a' 3= 4=echo 5=b 6=c runblock -r 0
'#=4' 0=z 1=x 2=' echo' 3=' a' 4= runblock -n 1 1
'#=4' 0=z 1=x 2=' echo' 3=' a' 4= runblock -n 1 1 echo pre
'#=3' 0=z 1=' env' 2=' A=3' 3= runblock 1
'#=3' 0=z 1=' env' 2=' A=3' 3= runblock -P 1
'#=3' 0=z 1=' env' 2=' A=3' 3= runblock 2
'#=3' 0=z 1=' env' 2=' A=3' 3= runblock 0
'#=3' 0=z 1=' env' 2=' A=3' 3= runblock -r 1
'#=3' 0=z 1=' env' 2=' A=3' 3= runblock x
'#=2' 0=z 1=' env' 2=' A=3' runblock 1
"""

CASE = r"""
case abc { a.* { echo m } b.* { echo n } } echo d
case bc { a.* { echo m } b.* { echo n } } echo d
case xbc { a.* { echo m } b.* { echo n } } echo d
case xbc { a.* { echo m } b.* { echo n } }
case -N foobar { '(fo+)(b.*)' { env } } echo d
case -N foobar { '(fo+)(z)?(b.*)' { env } } echo d
case -N foo { 'f(x|o+)' { echo m } 'foo' { env } } env
case -s abc { 'a*' { echo m } } echo d
case -s a/bc { 'a*' { echo m } } echo d
case -sN a/bc { 'a*' { echo m } } echo d
case -s .a { '*' { echo m } } echo d
case -si .a { '*' { echo m } } echo d
case -i ABC { 'a.*' { echo m } } echo d
case -e 'a+' { 'a+' { echo m } } echo d
case abc { 'a|abc' { echo m } } echo d
case abc { 'b' { echo m } } echo d
case abc { '[' { echo m } } echo d
case abc { a } echo d
case abc { a { } } echo d
case a { a { } } echo d
case a { } echo d
case a
case
case -s '\a' { '\a' { echo m } } echo d
case -s a { '\a' { echo m } } echo d
case -se '\a' { '\a' { echo m } } echo d
case -- -x { '-x' { echo m } } echo d
"""

LOOPS = r"""
forx A { a b c } env
forx A { a b c } sh -c 'test $A != b'
forx -o 0 A { a b c } sh -c 'echo $A; test $A != b'
forx -x 3 A { a b c } sh -c 'echo $A; test $A != b || exit 3'
forx -x 137,138 A { a b c } sh -c 'echo $A; test $A != b || exit 138'
forx -x 3 A { a b c } sh -c 'echo $A; test $A != b || kill -9 $$'
forx -o 3 A { a b c } sh -c 'echo $A; test $A != b || kill -9 $$; exit 3'
forx -x 137 A { a b } sh -c 'echo $A; kill -9 $$'
forx -x 128 A { a b } sh -c 'echo $A; exit 138'
forx -x 200 A { a b } sh -c 'echo $A; exit 200'
forx -o 200 A { a b } sh -c 'echo $A; exit 200'
forx -o 137 A { a b } sh -c 'echo $A; kill -9 $$'
forx -p A { a b c } sh -c 'test $A != b'
forx -p -o 0 A { a b c } sh -c 'test $A != b'
forx -p -x 1 A { a b c } sh -c 'test $A != b'
forx -E A { a b c } echo x$A
forx A { } echo
forx A { a }
forx A { a } nosuch
forx A=B { a } echo
forx -o x A { a } echo
forx -x 0 -o 1 A { a b } sh -c 'echo $A; exit 1'
forx A
forx
forbacktickx A { printf 'a\nb\n' } sh -c 'echo x$A'
forbacktickx A { printf 'a\nb' } sh -c 'echo x$A'
forbacktickx A { true } sh -c 'echo x$A'
forbacktickx -E A { printf 'a\nb\n' } echo x$A
forbacktickx -0 A { printf 'a\0b\0' } sh -c 'echo x$A'
forbacktickx -d: A { printf 'a:b:' } sh -c 'echo x$A'
forbacktickx -x 3 A { printf 'a\nb\nc\n' } sh -c 'echo x$A; test $A != b || exit 3'
forbacktickx -N A { printf 'a\nb' } sh -c 'echo x$A'
forbacktickx A { } echo
forbacktickx A { nosuch } echo
forbacktickx A { echo a } env
loopwhilex sh -c 'test -e f && exit 3; touch f'
loopwhilex -n sh -c 'test -e f && exit 0; touch f; exit 3'
loopwhilex -x 3 sh -c 'test -e f && exit 3; touch f; exit 4'
loopwhilex -x 3 sh -c 'test -e f && exit 3; touch f; kill -9 $$'
loopwhilex -x 137 sh -c 'test -e f && exit 137; touch f; kill -9 $$'
loopwhilex -n -x 3 sh -c 'test -e f && exit 3; touch f; exit 4'
loopwhilex -n sh -c 'test -e f && exit 0; touch f; kill -9 $$'
loopwhilex -o 4 sh -c 'test -e f && exit 3; touch f; exit 4'
loopwhilex -o 4 sh -c 'test -e f && kill -9 $$; touch f; exit 4'
loopwhilex -o 3 sh -c 'test -e f && exit 4; touch f; kill -9 $$'
loopwhilex -o 0,1 sh -c 'test -e f && exit 4; touch f; exit 1'
loopwhilex -o 0 -x 4 sh -c 'test -e f && exit 4; touch f; exit 1'
loopwhilex -x 0 -o 1 sh -c 'test -e f && exit 4; touch f; exit 1'
loopwhilex -o x true
loopwhilex sh -c 'exit 200'
loopwhilex nosuch
loopwhilex
forx -E A { a b } nosuch $A
forx -E -p A { a b } nosuch $A
forx -E -x 127 A { a b } nosuch $A
forx -E -o 0 A { a b } nosuch $A
forx -E A { a b } /etc/passwd $A
forx -E A { /bin/true nosuch } $A
forx A { a b } nosuch
pipeline { echo a } forstdin -E A nosuch $A
pipeline { echo a } forstdin -E -x 127 A nosuch $A
forbacktickx -E A { echo a } nosuch $A
pipeline { sh -c 'echo a; until test -e h; do sleep 0.01; done; echo b' } forstdin A sh -c 'touch h; cat'
pipeline { sh -c 'echo a; sleep 0.1; echo b' } forstdin A sh -c 'echo x$A; readlink /proc/self/fd/0 | cut -c1-4'
"""

WAITING = r"""
wait { } echo a
background { sleep 0.1 } wait { } echo a
background { sh -c 'exit 3' } importas P ! wait { $P } echo a
background { sh -c 'exit 3' } importas P ! wait -o { $P } env
background { sh -c 'exit 200' } importas P ! wait -o { $P } env
background { sh -c 'kill -9 $$' } importas P ! wait -o { $P } env
background { sleep 5 } importas P ! wait -t 50 { $P } foreground { kill $P } echo a
background { sleep 5 } importas P ! foreground { wait -it 50 { $P } echo a } kill $P
background { sh -c 'exec sleep 5 >/dev/null 2>&1' } importas P ! if -n { wait -it 50 { 1 } echo a } kill $P
background { sleep 5 } importas P ! wait -r { $P } foreground { kill $P } echo a
wait -i { } echo a
wait -o { } env
'?=3' '!=4' wait -o { } env
'?=3' '!=4' wait { } env
wait { 1 } echo a
wait { x } echo a
wait
wait 1
wait x
background { sh -c 'exit 3' } importas P ! wait $P
background { sh -c 'exit 3' } wait
background { sh -c 'kill -9 $$' } importas P ! wait $P
background { sh -c 'exit 3' } importas P ! wait $P 1
background { sh -c 'exec sleep 3 >/dev/null 2>&1' } importas P ! wait -t 50 $P
background { sh -c 'exec sleep 3 >/dev/null 2>&1' } importas P ! wait -it 50 $P
wait { }
wait -o
wait -a
wait -r
wait -ot 10
wait -iot 10
wait -o 1
background { sh -c 'exit 3' } wait -o
background { sh -c 'exec >/dev/null 2>&1; sleep 3; exit 4' } background { sh -c 'exit 3' } wait -o
background { sh -c 'exec >/dev/null 2>&1; sleep 3; exit 4' } importas Q ! background { sh -c 'exit 3' } importas P ! wait -o $P $Q
background { sh -c 'exec sleep 3 >/dev/null 2>&1' } wait -t 50
background { sh -c 'exec sleep 3 >/dev/null 2>&1' } wait -ot 50
background { sh -c 'exec sleep 3 >/dev/null 2>&1' } wait -r
background { sh -c 'exec sleep 3 >/dev/null 2>&1' } importas P ! wait -ot 50 $P
background { sh -c 'exit 3' } background { sh -c 'exec >/dev/null 2>&1; sleep 3; exit 4' } wait -o { } importas X ? echo $X
trap { TERM { foreground { echo t } touch h } } sh -c 'kill -TERM $PPID; until test -e h; do sleep 0.01; done; exit 3'
trap { SIGTERM { echo t } default { foreground { env } touch h } } sh -c 'kill -HUP $PPID; until test -e h; do sleep 0.01; done; exit 3'
trap { default { foreground { env } touch h } 15 { echo t } } sh -c 'kill -HUP $PPID; until test -e h; do sleep 0.01; done; exit 3'
trap { default { env } 15 { foreground { echo t } touch h } } sh -c 'kill -TERM $PPID; until test -e h; do sleep 0.01; done; exit 3'
trap -x { term { echo t } } sh -c 'trap "echo hup; exit 4" HUP; kill -HUP $PPID; while :; do sleep 0.01; done'
trap { term { echo t } } env
trap { term { echo t } }
trap { } echo a
trap { foo { echo t } } echo a
trap { term } echo a
trap { term { } } sh -c 'kill $PPID; sleep 0.2'
trap { term { echo t } } sh -c 'kill -HUP $PPID; sleep 0.2; echo alive'
trap { term { echo t } } sh -c 'kill -9 $$'
trap { term { echo t } } sh -c 'exit 200'
trap { term { echo t } } nosuch
trap { chld { echo t } } sh -c 'sleep 0.1'
trap { kill { echo t } } true
trap { timeout 3 { echo t } } true
trap { term { echo t } term { echo u } } sh -c 'kill $PPID; sleep 0.2'
trap { term { sh -c 'touch h; until test -e g; do sleep 0.01; done; echo t' } } sh -c 'kill $PPID; until test -e h; do sleep 0.01; done; kill $PPID; until grep -q "^ShdPnd:.0*$" /proc/$PPID/status; do sleep 0.01; done; touch g'
"""

ELTEST = r"""
eltest
eltest ""
eltest a
eltest -n a
eltest -n ""
eltest -z ""
eltest -z a
eltest a = a
eltest a == a
eltest a != a
eltest a '<' b
eltest b '<=' b
eltest b '>' a
eltest b '>=' c
eltest 1 -eq 1
eltest 1 -eq 01
eltest 1 -eq x
eltest -1 -lt 1
eltest +1 -eq 1
eltest ' 1' -eq 1
eltest "" -eq 0
eltest 99999999999 -gt 1
eltest 99999999999999999999999 -gt 1
eltest 1 -ne 2
eltest 1 -gt 2
eltest 1 -ge 1
eltest 1 -lt 2
eltest 1 -le 0
eltest ! a
eltest ! ""
eltest ! ! a
eltest ! a = a
eltest a -a b
eltest a -a ""
eltest "" -o b
eltest "" -o ""
eltest a -o b -a ""
eltest "" -a b -o c
eltest '(' a ')'
eltest '(' "" -o b ')' -a c
eltest '(' a
eltest a ')'
eltest '(' ')'
eltest a b
eltest = a
eltest a =
eltest -n
eltest -n -n
eltest -n = -n
eltest -n = =
eltest '\-n' = '\-n'
eltest '\-n'
eltest '\'
eltest '\=' = '\='
eltest '\\a' = '\\a'
eltest a -a
eltest -a a
eltest !
eltest ! -a
eltest -f /etc/passwd
eltest -e /etc/passwd
eltest -e /nosuch
eltest -d /etc
eltest -d /etc/passwd
eltest -r /etc/passwd
eltest -w /etc/passwd
eltest -x /etc/passwd
eltest -x /bin/sh
eltest -s /etc/passwd
eltest -s /dev/null
eltest -h /proc/self
eltest -L /proc/self
eltest -L /nosuch
eltest -b /dev/null
eltest -c /dev/null
eltest -p /dev/null
eltest -S /dev/null
eltest -g /etc
eltest -u /bin/su
eltest -k /tmp
eltest -t 0
eltest -t x
eltest -O /etc
eltest -U /etc
eltest -G /etc
eltest /etc/passwd -nt /nosuch
eltest /etc/passwd -ot /nosuch
eltest /nosuch -nt /etc/passwd
eltest /nosuch -ot /etc/passwd
eltest /bin/sh -ef /bin/dash
eltest -v PATH
eltest -v NOSUCH
eltest abc =~ b
eltest abc =~ ^b
eltest abc =~ [
eltest abc =~ 'a|x'
eltest ! -n "" -a b
eltest -z "" -a -n x -o -d /
eltest '(' ! '(' a -a b ')' ')' -o c
eltest '(' a ')' b
eltest a -eq
eltest -n '(' a ')'
eltest '(' -n a ')' = a
eltest a = b = c
eltest a -a b -a c -a ""
eltest -o
eltest "" -a x -eq y
eltest a -o x -eq y
eltest ! '(' a ')'
eltest '(' '(' a ')' ')'
eltest -n a -n b
eltest '\(' = '\('
eltest -z -z
eltest -f
eltest -x /nosuch
eltest -q a
eltest a -q b
eltest - = -
eltest -- = --
eltest -eq -eq -eq
eltest ! ! ! ""
eltest !a
eltest -d = a
eltest a = -d
eltest a = '\-d'
eltest a = '\\d'
"""

# A package may have put more of them there.
HOSTS = sorted(str(path) for path in Path("/etc").glob("host*"))
# Case: exit code, stdout (None: not looked at), and the reason.
OURS = {
    # Later than 2.9.3.
    "V=v importas -S V echo $V": (0, "v\n", "importas -S: 2.9.6"),
    "V=v multisubstitute { importas -S V } echo $V": (0, "v\n", "importas -S: 2.9.6"),
    "importas -SD 'a b' V echo x$V": (0, "xa b\n", "importas -S: 2.9.6"),
    "V=v importas -SuD d V importas -D gone W V echo $V $W": (0, "v gone\n", "importas -S: 2.9.6"),
    "importas -SsD 'a b' V echo x$V": (0, "xa xb\n", "importas -S: 2.9.6"),
    "s6-test a = a": (0, "", "removed: eltest replaces it"),
    "s6-test -n ''": (1, "", "removed: eltest replaces it"),
    "importas -Si V echo $V": (100, "", "importas -S: 2.9.6"),
    "elglob -s -d: A '/etc/host*' echo $A": (
        0, "".join(name + ":" for name in HOSTS) + "\n", "elglob -d: 2.9.6"),
    "elglob -s -nd: A '/etc/host*' echo $A": (
        0, ":".join(HOSTS) + "\n", "elglob -n: 2.9.6"),
    "elglob -d '' A '/etc/hosts' echo $A": (0, "10:/etc/hosts,\n", "elglob -d: 2.9.6"),
    "LD_LIBRARY_PATH=/x A=b emptyenv -l env": (0, "LD_LIBRARY_PATH=/x\n", "emptyenv -l: 2.9.8"),
    "redirfd -nNr 0 /etc/hostname sh -c 'echo ok'": (0, "ok\n", "redirfd -N: 2.9.9"),
    "wait --one --timeout=0 { } sh -c 'echo ok'": (0, "ok\n", "wait --one: 2.9.9"),
    "redirfd -f -w FD f sh -c 'echo $FD; echo a >&$FD; cat f'": (0, "3\na\n", "redirfd -f: 2.9.9"),
    "redirfd -fE -w V f echo $V": (0, "3\n", "redirfd -f: 2.9.9"),
    "redirfd -f -w A=B f echo": (100, "", "redirfd -f: 2.9.9"),
    "export-array A { a bc } sh -c 'echo $A'": (0, "1:a,2:bc,\n", "export-array: 2.9.7"),
    "export-array -d: A { a bc } sh -c 'echo $A'": (0, "a:bc:\n", "export-array: 2.9.7"),
    "export-array A { } sh -c 'echo x$A'": (0, "x\n", "export-array: 2.9.7"),
    "export-array A=B { a } true": (100, "", "export-array: 2.9.7"),
    "forx -P 2 A { a b } true": (0, "", "forx -P: 2.9.7"),
    "forx -P 0 A { a b } true": (100, "", "forx -P: 2.9.7"),
    "forx -P 2 -o 0 A { a b c d } sh -c 'test $A != b'": (1, "", "forx -P: 2.9.7"),
    "backtick -I V { sh -c 'echo a; exit 3' } importas X ? importas V V echo $X $V": (
        0, "3 a\n", "? is set: 2.9.5"),
    "backtick -I V { sh -c 'echo a; kill -9 $$' } importas X ? echo $X": (
        0, "265\n", "? is set: 2.9.5"),
    "V=old backtick -x V { sh -c 'echo a; exit 3' } importas X ? importas -D unset V V echo $X $V": (
        0, "3 unset\n", "? is set: 2.9.5"),
    "backtick -D def V { sh -c 'echo a; exit 3' } importas X ? importas V V echo $X $V": (
        0, "3 def\n", "? is set: 2.9.5"),
    "backtick -D def V { echo a } importas X ? importas V V echo $X $V": (
        0, "0 a\n", "? is set: 2.9.5"),
    "backtick -I V { printf 'a\\0b' } importas X ? importas V V echo $X $V": (
        0, "0 a\n", "? is set: 2.9.5"),
    "backtick -x V { printf 'a\\0b' } importas X ? importas -D unset V V echo $X $V": (
        0, "0 unset\n", "? is set: 2.9.5"),
    "?=old backtick -IE V { echo a b } echo ${?} $V": (0, "0 a b\n", "? is substituted: 2.9.5"),
    "backtick -xE V { sh -c 'echo a; exit 3' } echo 'a${V}b' ${?}": (
        0, "a${V}b 3\n", "? is substituted: 2.9.5"),
    "backtick -D d -E V { sh -c 'echo a; exit 3' } echo 'a${V}b' ${?}": (
        0, "adb 3\n", "? is substituted: 2.9.5"),
    "pipeline { } cat": (100, "", "refused since 2.9.4"),
    "tryexec -n { echo a }": (100, "", "refused since 2.9.4"),
    # Where the documentation and common sense say otherwise.
    "foreground { /etc/passwd } env": (0, None, "126 for what is there, as the exec itself"),
    "export '' c env": (100, "", "a variable without a name is refused"),
    "unexport '' env": (100, "", "a variable without a name is refused"),
    "FDx=1 FD=2 EXECLINE_X=3 emptyenv -c sh -c 'env | grep -cE ^\\(FDx\\|FD\\|EXECLINE_X\\)='": (
        0, "3\n", "only FD and a number, only EXECLINE_STRICT are the language's own"),
    "3x=h emptyenv -P importas X 3x echo $X": (0, "h\n", "not a positional parameter"),
    "'#=3' 0=z 1=a 3=c shift env": (100, "", "the documentation says 100"),
    "'#=1' 0=z 1=-b elgetopt :b: env": (1, "", "a missing argument is never an option"),
    "'#=1' 0=z 1= runblock 1": (0, "", "the package crashes"),
    "eltest '1 ' -eq 1": (100, "", "not an integer"),
    "eltest /bin/sh -ef /nosuch": (1, "", "nothing is the same file as none"),
    "multisubstitute { define A '' } $A": (127, "", "an empty name is not found"),
    "forbacktickx A { echo a }": (100, "", "a loop without a program is refused"),
    "pipeline { printf '\\na\\n\\nb' } forstdin -CN A sh -c 'echo x$A'": (
        0, "xa\nxb\n", "only chomping loses what has no delimiter"),
    "background { sh -c 'exit 3' } importas A ! background { sh -c 'exit 4' } importas B !"
    " wait { $B } wait -o { $A } importas X ? echo $X": (
        0, "3\n", "only those named are waited for"),
    "posix-umask go= sh -c umask": (0, "0077\n", "the package ignores it"),
    "posix-umask u=rwx,g=rx,o= sh -c umask": (0, "0027\n", "the package ignores it"),
}


def words(text):
    """The environment and the argument list that a line stands for."""
    environment = {}
    out = []
    depth = 0
    for word in shlex.split(text):
        name, equals, value = word.partition("=")
        if not out and equals:
            environment[name] = value
        elif word == "{":
            depth += 1
        elif word == "}":
            depth -= 1
            out.append(" " * depth)
        else:
            out.append(" " * depth + word)
    return environment, out


def run(folder, place, text, stdin=""):
    place.mkdir()
    environment, arguments = words(text)
    program = folder / arguments[0]
    done = subprocess.run(
        arguments, executable=program, cwd=place, input=stdin.encode(), capture_output=True,
        env={"PATH": f"{folder}:/usr/bin:/bin", **environment}, timeout=60)
    out = done.stdout.decode(errors="surrogateescape")
    for path, name in ((str(folder), "BIN"), (str(place), "PLACE")):
        out = out.replace(path, name)
    if "env" in (word.strip() for word in arguments):
        out = sorted(re.sub(r"^!=\d+$", "!=PID", out, flags=re.M).split("\n"))
    return done.returncode, out


@pytest.fixture(scope="session")
def ours(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bin")
    (folder / "overlog").symlink_to(OVERLOG)
    for name in subprocess.check_output([OVERLOG, "commands"], text=True).split():
        if name not in ("init", "halt", "reboot", "poweroff", "shutdown"):
            (folder / name).symlink_to("overlog")
    return folder


def lines(*tables):
    return [line for table in tables for line in table.strip().split("\n")]


SAME = lines(CONTROL, PROCESS, ENVIRONMENT, CAPTURE, DESCRIPTORS, SUBSTITUTION, POSITIONAL, CASE,
             LOOPS, WAITING, ELTEST)


@pytest.mark.parametrize("line", SAME)
def test_same(ours, tmp_path, line):
    assert run(ours, tmp_path / "a", line) == run(REFERENCE, tmp_path / "b", line)


@pytest.mark.parametrize("line,stdin", STDIN)
def test_same_with_stdin(ours, tmp_path, line, stdin):
    assert run(ours, tmp_path / "a", line, stdin) == run(REFERENCE, tmp_path / "b", line, stdin)


@pytest.mark.parametrize("line", OURS)
def test_ours(ours, tmp_path, line):
    code, out, _ = OURS[line]
    got = run(ours, tmp_path / "a", line)
    if isinstance(got[1], list):
        got = got[0], "\n".join(word for word in got[1] if word) + ("\n" if any(got[1]) else "")
    assert got == (code, got[1] if out is None else out)


def test_every_packaged_command_is_ours(ours):
    """All but those that are links to others of ours."""
    missing = [p.name for p in REFERENCE.iterdir() if not (ours / p.name).exists()]
    assert missing == []


def test_a_long_heredoc(ours, tmp_path):
    text = "x" * 100000
    done = subprocess.run(["heredoc", "0", text, "cat"], executable=ours / "heredoc",
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, text)


def test_a_terminal_becomes_that_of_a_session_leader(ours):
    """As ^C in a shell that a service opens on a terminal wants it."""
    for folder in (ours, REFERENCE):
        controller, terminal = os.openpty()
        command = ["redirfd", "-r", "0", os.ttyname(terminal), "sh", "-c", ": </dev/tty && echo it has one"]
        os.close(terminal)
        done = subprocess.run(command, executable=folder / "redirfd", capture_output=True, text=True, timeout=60,
                              start_new_session=True)
        os.close(controller)
        assert (done.returncode, done.stdout, done.stderr) == (0, "it has one\n", "")


def test_ignored_signals_stay_ignored(ours):
    """A command is no shell: what its caller ignores, its children ignore."""
    done = subprocess.run(
        ["sh", "-c", 'trap "" HUP; exec "$0" grep SigIgn /proc/self/status "" true',
         ours / "foreground"], capture_output=True, text=True, timeout=60)
    assert int(done.stdout.split()[1], 16) & 1 == 1
