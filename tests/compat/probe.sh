#!/bin/sh
# probe NAME WHAT [ARG...] - says in $RECORDS/NAME how it was started and by which signal it was told
# to end. WHAT: stay; end CODE (from the third time on: stay); die (by KILL, the same).
name=$1
out=$RECORDS/$name
told() {
    echo "signal $1" >>"$out"
    echo "$name" >>"$RECORDS.ended" # times of files are too coarse to tell the order
    [ -z "$!" ] || kill "$!"
    exit 0
}
signals="HUP INT QUIT USR1 USR2 TERM"
for signal in $signals; do
    trap "told $signal" "$signal"
done
record=$(
    echo "start uid=$(id -u) gid=$(id -g) groups=$(id -G)"
    echo "umask $(umask)"
    echo "cwd $(pwd -P)"
    n=0
    for argument; do
        n=$((n + 1))
        printf 'argument %s %s\n' "$n" "$argument"
    done
    tr '\0\n' '\n ' <"/proc/$$/environ" | sed 's/^/environment /'
)
echo "out $1"
echo "err $1" >&2
stays=1
if [ "$2" != stay ] && [ "$(cat "$out" 2>/dev/null | grep -c '^start ')" -lt 2 ]; then
    stays=
    trap '' $signals
fi
printf '%s\n' "$record" >>"$out" # last: who sees it may tell us to end
if [ -z "$stays" ]; then
    [ "$2" != end ] || exit "$3"
    kill -s KILL $$
fi
sleep 1000 &
wait
