#!/bin/sh
# Fails when a file includes a header of a room it may not see (DESIGN.md, "The house"), or zlib
# outside rotate/, and when files of a room call each other in a circle (circles.py).
cd "$(dirname "$0")/.." || exit 1
status=0
# complain TEXT: reads FILE:LINE of what breaks a rule; TEXT says which.
complain() {
    while read -r place; do
        [ -n "$place" ] || continue
        echo "$place: $1" >&2
        status=1
    done
}

# files ROOM: its sources, those of its folders included.
files() {
    ls "$1"/*.[ch] "$1"/*/*.[ch] 2>/dev/null
}

# allow ROOM SEEN...: what the room breaks; one grep for all of its files.
allow() {
    room=$1
    seen=$(echo "$@" | tr ' ' '|')
    complain "includes what $room/ may not see" <<END
$(grep -nE '^#include "[a-z0-9]+/' $(files "$room") | grep -vE "\"($seen)[/.]")
END
    [ "$room" = rotate ] || complain "only rotate/ sees zlib" <<END
$(grep -n '#include <zlib.h>' $(files "$room"))
END
    [ "$room" = command ] || complain "only command/ exits (a forked child says so with /* child */)" <<END
$(grep -nE '(^|[^_a-z])(exit|_exit|abort) *\(' $(files "$room") | grep -v '/\* child \*/')
END
}
allow base
allow contract
allow rotate base
allow logger rotate contract base
allow logcat rotate logger/stamp contract base
allow execline base
allow services contract base
allow overlay services contract base
allow supervisor services overlay/settings contract base
allow command base contract rotate logger logcat execline services overlay supervisor
[ "$status" -eq 0 ] && echo "layers: ok"
/usr/bin/python3 tests/circles.py || status=1
exit "$status"
