/* Environment directories: one file per variable, as /run/s6/container_environment
 * (spec/overlay.md section 5). */
#ifndef BASE_ENVDIR_H
#define BASE_ENVDIR_H

#include "base/error.h"
#include "base/str.h"
#include <sys/types.h>

/* Writes one file per NAME=value of envp: the value and one newline. The directory is made anew
 * with exactly that mode. */
int envdir_write(const char *path, char *const *envp, mode_t mode, struct error *e);

/* Sets in our environment what the directory says: whole file, one final newline removed; a
 * zero-byte file unsets. Dot files are skipped; NUL bytes become newlines. */
int envdir_load(const char *path, struct error *e);

#endif
