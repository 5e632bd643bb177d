/* fix-attrs.d: lines "PATH RECURSE ACCOUNT FMODE DMODE" (spec/overlay.md section 9). */
#ifndef OVERLAY_FIXATTRS_H
#define OVERLAY_FIXATTRS_H

#include "base/error.h"
#include <stdbool.h>
#include <sys/stat.h>
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

struct fixattrs_options {
    bool hidden;          /* names that begin with a dot too */
    bool links_protected; /* the kernel lets nobody make a hard link to a stranger's file */
};

/* Pure. Whether a file found in a tree may be a hard link that somebody planted there, to have a
 * file of another place given away: it has a second name, it is not yet account's, and others than
 * root may make names in its folder. */
bool fixattrs_is_foreign(const struct stat *file, const struct stat *folder, uid_t account,
                         bool links_protected);

/* Applies a file; what fails is said with its place and does not keep the rest from being done. -1
 * if anything failed. Whoever changes the trees meanwhile leads it nowhere else: everything is done
 * by descriptor, and of symbolic links only those are followed that the rule's path names before
 * its first pattern. */
int fixattrs_apply(const char *file, const struct fixattrs_options *o);

#endif
