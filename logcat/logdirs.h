/* Finds log directories: under the log root, and by path. */
#ifndef LOGCAT_LOGDIRS_H
#define LOGCAT_LOGDIRS_H

#include "base/error.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

struct logdirs {
    const char *root;    /* the log root */
    char *const *wanted; /* service names, globs, and paths (with a slash), NULL-terminated; none:
                            every service under root is wanted */
    const struct words *without; /* names and globs of services that are not wanted; may be NULL */
};

/* Log directories found, sorted by name within each word of `wanted`. A directory to which several
 * words or links lead is listed once. Zeroed before first use. */
struct logdirs_list {
    struct words names;           /* of the services */
    struct words paths;           /* in parallel */
    struct logdirs_place *places; /* in parallel; private to logdirs.c */
    size_t matches;               /* directories met, also those that are listed or not wanted */
};

/* The value of a variable in our own environment, else in the container's; NULL: it is in neither.
 * Valid until the next call. */
const char *logdirs_setting(const char *name);

/* Adds the wanted directories that exist now to list. unmatched (may be NULL) gets the words that
 * match no directory. 0, or -1 with e: the root cannot be read, or no memory. A root that does not
 * exist is empty. */
int logdirs_find(const struct logdirs *r, struct logdirs_list *list, struct words *unmatched,
                 struct error *e);
void logdirs_release(struct logdirs_list *list);

/* Whether the directory has an archive or current. */
bool logdirs_has_log(const char *path);

/* Whether a service of that name is wanted, though it may have no log directory. */
bool logdirs_wants(const struct logdirs *r, const char *name);

/* Appends the paths of the event logs beside the wanted directories, existing or not. 0, or -1: no
 * memory. */
int logdirs_event_logs(const struct logdirs *r, struct words *paths);

/* Appends the directories in which wanted log directories may appear. 0, or -1: no memory. */
int logdirs_places(const struct logdirs *r, struct words *places);

/* Warns that there are no log directories, why, and which variable to set. */
void logdirs_explain(const struct logdirs *r);

#endif
