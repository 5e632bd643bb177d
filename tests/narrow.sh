#!/bin/sh
# narrow.sh FILE...: has the compiler look at sources as it would where a long has 32 bits (arm and 386), with the
# warnings of $WARN, and with the headers of this machine's C library, so that nothing is to be installed. A release
# for those would fail otherwise.
cd "$(dirname "$0")/.." || exit 1
if ! echo 'int x;' | gcc -m32 -x c -fsyntax-only - 2>/dev/null; then
    echo "narrow: not looked at: gcc makes no 32-bit programs of this machine's kind"
    exit 0
fi
headers=$(mktemp -d) || exit 1
trap 'rm -rf "$headers"' EXIT
mkdir "$headers/gnu"
: >"$headers/gnu/stubs-32.h" # which functions of glibc do nothing: none of ours
printf '%s\n' "$@" |
    xargs -P "$(nproc)" -n 16 gcc -m32 -fsyntax-only -I. -D_GNU_SOURCE -D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64 \
        '-DOVERLOG_VERSION=""' $WARN -Wno-format-truncation -isystem "$headers" -isystem "/usr/include/$(gcc -dumpmachine)" || exit 1
echo "narrow: ok"
