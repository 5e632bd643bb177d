/* Definitions: services as read from disk, immutable afterwards (spec/s6-rc-source.md).
 * The built-in nodes (top base user user2 legacy-cont-init legacy-services fix-attrs) are
 * definitions like all others, without a directory. */
#ifndef SUPERVISOR_DEFINITION_H
#define SUPERVISOR_DEFINITION_H

#include "base/str.h"
#include "supervisor/problems.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum definition_type { DEFINITION_ONESHOT = 1, DEFINITION_LONGRUN, DEFINITION_BUNDLE };

/* What a built-in oneshot does; NONE for the user's. */
enum definition_builtin {
    BUILTIN_NONE = 0,
    BUILTIN_FIX_ATTRS,
    BUILTIN_CONT_INIT,
    BUILTIN_LEGACY_SERVICES
};

enum definition_exit { EXIT_NEVER = 0, EXIT_FAILURE_ONLY, EXIT_ALWAYS }; /* container-exit */

struct definition {
    char *name;
    enum definition_type type;
    enum definition_builtin builtin;
    char *directory; /* source, NULL for built-in nodes */

    struct words dependencies; /* names of services or bundles */
    struct words contents;     /* of a bundle */

    struct words up; /* oneshot: argv; empty: succeed */
    struct words down;

    uint32_t timeout_up; /* ms, 0 infinite */
    uint32_t timeout_down;
    bool essential;

    /* longrun */
    bool has_finish;
    int notification_fd;     /* -1 none */
    int lock_fd;             /* -1 none */
    uint32_t timeout_kill;   /* ms, 0 never */
    uint32_t timeout_finish; /* ms, default 5000, 0 never */
    bool kill_group;
    unsigned int max_death_tally;
    int down_signal;
    int reload_signal;
    char *producer_for; /* NULL none */
    struct words consumer_for;
    char *pipeline_name;
    enum definition_exit container_exit;
    int logging;                 /* 0, 1, 2; -1: as the container */
    struct words logging_script; /* empty: as the container */
};

struct definitions {
    struct definition *item;
    size_t count;
    size_t capacity;
    uint32_t *by_name; /* hash table of 1 + index */
    size_t buckets;
};

#define DEFINITIONS_INIT                                                                           \
    {                                                                                              \
        .item = NULL                                                                               \
    }

/* Where definitions come from. */
struct definition_sources {
    const char *services; /* .../s6-rc.d */
    const char *bundles;  /* .../user-bundles.d; missing is fine */
};

/* Adds the built-in nodes. -1: no memory. */
int definitions_builtin(struct definitions *d);

/* Reads every definition of both directories. s6-rc.d/user and user2, if there, are merged into the
 * bundles of user-bundles.d (with the deprecation warning). A directory in user-bundles.d without a
 * type is a bundle. Everything wrong goes to p; returns -1 only when nothing can be read at all. */
int definitions_read(struct definitions *d, const struct definition_sources *sources,
                     struct problems *p);

/* A new definition with the defaults of its type; valid until the next one is added. NULL: no
 * memory. The caller made sure that the name is new. */
struct definition *definitions_add(struct definitions *d, const char *name,
                                   enum definition_type type);

/* Index of a name, or -1. */
long definitions_find(const struct definitions *d, const char *name);
void definitions_release(struct definitions *d);

#endif
