/* Environment directories: one file per variable, as /run/s6/container_environment
 * (spec/overlay.md section 5). */
#ifndef BASE_ENVDIR_H
#define BASE_ENVDIR_H

#include "base/error.h"
#include "base/str.h"
#include <stdbool.h>
#include <sys/types.h>

/* Writes one file per NAME=value of envp: the value and one newline. The directory is made anew
 * with exactly that mode. */
int envdir_write(const char *path, char *const *envp, mode_t mode, struct error *e);

/* The same into a directory that is there, with or without the newline, files of that mode. */
int envdir_add(const char *path, char *const *envp, bool newline, mode_t mode, struct error *e);

/* How files become values. */
struct envdir_style {
    bool whole;   /* the whole file, else its first line */
    bool exact;   /* nothing is cut from the end, else a final newline (whole) or all blanks */
    size_t clamp; /* bytes read of each file; 0: all */
    char null;    /* what NUL bytes become */
    bool strict;  /* what is no regular file is an error, else it is skipped */
};

/* Sets in our environment what the directory says: whole file, one final newline removed; a
 * zero-byte file unsets. Dot files are skipped; NUL bytes become newlines. */
int envdir_load(const char *path, struct error *e);
int envdir_load_as(const char *path, const struct envdir_style *style, struct error *e);

#endif
