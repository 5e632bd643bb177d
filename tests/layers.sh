#!/bin/sh
# Fails when a file includes a header of a room it may not see (DESIGN.md, "The house"), or zlib
# outside rotate/.
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

# allow ROOM SEEN...: what the room breaks; one grep for all of its files.
allow() {
    room=$1
    seen=$(echo "$@" | tr ' ' '|')
    complain "includes what $room/ may not see" <<END
$(grep -nE '^#include "[a-z]+/' "$room"/*.[ch] | grep -vE "\"($seen)/")
END
    [ "$room" = rotate ] || complain "only rotate/ sees zlib" <<END
$(grep -n '#include <zlib.h>' "$room"/*.[ch])
END
    [ "$room" = command ] || complain "only command/ exits (a forked child says so with /* child */)" <<END
$(grep -nE '(^|[^_a-z])(exit|_exit|abort) *\(' "$room"/*.[ch] | grep -v '/\* child \*/')
END
}
allow base
allow rotate base
allow logger rotate base
allow execline base
allow supervisor base
allow command base rotate logger execline supervisor
[ "$status" -eq 0 ] && echo "layers: ok"
exit "$status"
