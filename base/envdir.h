/* Environment directories: one file per variable, as /run/s6/container_environment
 * (spec/overlay.md section 5). */
#ifndef BASE_ENVDIR_H
#define BASE_ENVDIR_H

#include "base/error.h"
#include "base/str.h"
#include <stdbool.h>
#include <sys/types.h>

/* Makes the directory anew, with exactly that mode, and writes a file for each NAME=value of envp:
 * the value and a newline. 0, or -1 with e. */
int envdir_write(const char *path, char *const *envp, mode_t mode, struct error *e);

/* Writes such files, of that mode, into a directory that is there; newline: end each value with
 * one. 0, or -1 with e. */
int envdir_add(const char *path, char *const *envp, bool newline, mode_t mode, struct error *e);

/* How files become values. */
struct envdir_style {
    bool whole;   /* the whole file, else its first line */
    bool exact;   /* nothing is cut from the end, else a final newline (whole) or all blanks */
    size_t clamp; /* bytes read of each file; 0: all */
    char null;    /* what NUL bytes become */
    bool strict;  /* what is no regular file is an error, else it is skipped */
};

/* Sets a variable of our environment for each file: its content without one final newline, NUL
 * bytes as newlines. An empty file unsets the variable; dot files are skipped, and those that we
 * may not read: secrets are root's. 0, or -1 with e. */
int envdir_load(const char *path, struct error *e);
/* The same by another style. */
int envdir_load_as(const char *path, const struct envdir_style *style, struct error *e);

#endif
