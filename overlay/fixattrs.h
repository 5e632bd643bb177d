/* fix-attrs.d: files of rules, "PATH RECURSE ACCOUNT FMODE DMODE" (spec/overlay.md section 9), by
 * which owners and modes are changed. */
#ifndef OVERLAY_FIXATTRS_H
#define OVERLAY_FIXATTRS_H

#include "base/error.h"
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* A rule; its texts are parts of the line. */
struct fixattrs_line {
    const char *path; /* a glob pattern */
    bool recurse;
    const char *account; /* USER[:GROUP][,UID[:GID]]; the ids count where there is no such name */
    mode_t file_mode;
    mode_t directory_mode;
};

/* Pure: cuts a line into the words of a rule. 1; 0: the line is empty or a comment; -1 with e: it
 * is malformed. */
int fixattrs_parse(char *line, struct fixattrs_line *l, struct error *e);

/* Finds the ids of an account: user and group each by number, by name, or else by its fallback. 0,
 * or -1 with e. */
int fixattrs_account(const char *account, uid_t *uid, gid_t *gid, struct error *e);

struct fixattrs_options {
    bool hidden;          /* patterns match names that begin with a dot, too */
    bool links_protected; /* the kernel lets nobody make a hard link to a stranger's file */
};

/* Pure: whether a file found in a tree may be a hard link that somebody planted there to have a
 * file of another place given away: it has a second name, it is not yet the account's, and others
 * than root may make names in its folder. */
bool fixattrs_is_foreign(const struct stat *file, const struct stat *folder, uid_t account,
                         bool links_protected);

/* Applies the rules of a file. Warns of each failure with its place, and goes on with the next
 * path. 0, or -1 if anything failed. Nobody who changes the trees meanwhile can redirect it:
 * everything is done by descriptor, and the only symbolic links followed are those that the rule's
 * path names before its first pattern. */
int fixattrs_apply(const char *file, const struct fixattrs_options *o);

#endif
