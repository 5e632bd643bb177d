/* fix-attrs.d: lines "PATH RECURSE ACCOUNT FMODE DMODE" (spec/overlay.md section 9). */
#ifndef SUPERVISOR_FIXATTRS_H
#define SUPERVISOR_FIXATTRS_H

#include "base/error.h"
#include <stdbool.h>
#include <sys/types.h>

struct fixattrs_line {
    const char *path; /* a glob pattern; in the text that was parsed */
    bool recurse;
    const char *account; /* USER[:GROUP][,UID[:GID]] */
    mode_t file_mode;
    mode_t directory_mode;
};

/* Pure: cuts a line to its words. 1: there is a rule; 0: empty or a comment; -1: malformed, and e
 * says how. */
int fixattrs_parse(char *line, struct fixattrs_line *l, struct error *e);

/* The ids of an account: each of the two by number, by name, or else by the fallback. */
int fixattrs_account(const char *account, uid_t *uid, gid_t *gid, struct error *e);

/* Applies a file; what fails is said with its place and does not keep the rest from being done. -1
 * if anything failed. hidden: names that begin with a dot too. */
int fixattrs_apply(const char *file, bool hidden);

#endif
