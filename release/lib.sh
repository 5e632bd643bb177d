# What the scripts beside this one share.

# arches: the names of all.
arches() {
    sed -n 's/^\([a-z0-9][^ ]*\).*/\1/p' release/arches
}

# arch_of ARCH: sets debian, gnu, musl, lib and qemu from its row.
arch_of() {
    row=$(grep "^$1 " release/arches) || { echo "release: no architecture $1" >&2; exit 100; }
    read -r _ debian gnu musl lib qemu <<ROW
$row
ROW
}

# version: the release's.
version() {
    sed -n 's/^VERSION := //p' Makefile
}

# build_for ARCH FOLDER [MAKE-WORD...]: builds the program for it.
build_for() {
    arch_of "$1"
    sysroot=$PWD/build/release/sysroot/$1
    folder=$2
    shift 2
    if [ "$gnu" = "$(gcc -dumpmachine)" ]; then cross=; else cross=$gnu-; fi
    make -s -j"$(nproc)" BUILD="$folder" CROSS="$cross" SYSROOT="$sysroot" MUSL_ARCH="$musl" \
        GNU_ARCH="$lib" "$@" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; exit 1; }
}
