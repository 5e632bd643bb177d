/* Which log directories there are: under the log root, and by path. */
#ifndef LOGCAT_LOGDIRS_H
#define LOGCAT_LOGDIRS_H

#include "base/error.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct logdirs {
    const char *root;
    char *const *wanted; /* service names, globs, and paths (with a slash), NULL-terminated; none:
                            every service under root */
    const struct words *without; /* names and globs of services that are not wanted; may be NULL */
};

/* Directories found, in parallel; sorted by name within each word wanted. A directory that several
 * words or links lead to stands there once. */
struct logdirs_list {
    struct words names;
    struct words paths;
    struct logdirs_place *places; /* as many; logdirs.c's own */
    size_t matches;               /* with those that are there already, or are not wanted */
};

/* Our own environment's value, else the container's; NULL: neither has one. Valid until the next
 * call. */
const char *logdirs_setting(const char *name);

/* Fills in the directories that exist now. unmatched (may be NULL) gets the words that led to
 * nothing. 0, or -1 with e when root cannot be read; a missing root is empty. */
int logdirs_find(const struct logdirs *r, struct logdirs_list *list, struct words *unmatched,
                 struct error *e);
void logdirs_release(struct logdirs_list *list);

/* Whether there are logs in the directory. */
bool logdirs_has_log(const char *path);

/* Whether a service of that name is wanted, even one that has no log directory. */
bool logdirs_wants(const struct logdirs *r, const char *name);

/* The event logs beside what is wanted, existing or not. */
int logdirs_event_logs(const struct logdirs *r, struct words *paths);

/* The directories in which what is wanted may appear. */
int logdirs_places(const struct logdirs *r, struct words *places);

/* Says (as a warning) why there is nothing and what to set. */
void logdirs_explain(const struct logdirs *r);

#endif
