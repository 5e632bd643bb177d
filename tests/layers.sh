#!/bin/sh
# Fails when a file includes a header of a room it may not see (DESIGN.md, "The house"), or zlib
# outside rotate/.
cd "$(dirname "$0")/.." || exit 1
status=0
allow() {
    room=$1
    shift
    for file in "$room"/*.[ch]; do
        [ -e "$file" ] || continue
        for seen in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$file" | sort -u); do
            [ "$seen" = "$room" ] && continue
            case " $* " in
            *" $seen "*) ;;
            *)
                echo "$file: includes $seen/, which $room/ may not see" >&2
                status=1
                ;;
            esac
        done
        if [ "$room" != rotate ] && grep -n '#include <zlib.h>' "$file" >&2; then
            echo "$file: only rotate/ sees zlib" >&2
            status=1
        fi
        if [ "$room" != command ] && grep -nE '(^|[^_a-z])(exit|_exit|abort) *\(' "$file" | grep -v '/\* child \*/' >&2; then
            echo "$file: only command/ exits (a forked child says so with /* child */)" >&2
            status=1
        fi
    done
}
allow base
allow rotate base
allow logger rotate base
allow execline base
allow supervisor base
allow command base rotate logger execline supervisor
[ "$status" -eq 0 ] && echo "layers: ok"
exit "$status"
