/* Definitions: services as read from disk, immutable afterwards (spec/s6-rc-source.md).
 * The built-in nodes (top base user user2 legacy-cont-init legacy-services fix-attrs) are
 * definitions like all others, without a directory. */
#ifndef SERVICES_DEFINITION_H
#define SERVICES_DEFINITION_H

#include "base/error.h"
#include "base/str.h"
#include "services/keys.h"
#include "services/problems.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a built-in oneshot does; NONE for the user's. */
enum definition_builtin {
    BUILTIN_NONE = 0,
    BUILTIN_FIX_ATTRS,
    BUILTIN_CONT_INIT,
    BUILTIN_LEGACY_SERVICES
};

/* Where a name in a list was written: the source, and the line of a flat list (0: a file of its
 * own). */
#define ORIGIN_BUILTIN UINT32_MAX

struct origin {
    uint32_t source; /* or ORIGIN_BUILTIN */
    uint32_t line;
};

struct origins {
    struct origin *item;
    size_t count;
};

struct definition {
    char *name;
    enum definition_type type;
    enum definition_builtin builtin;
    char *directory; /* source, NULL for built-in nodes */

    struct words dependencies; /* names of services or bundles */
    struct words contents;     /* of a bundle */
    struct origins from[DEFINITION_LISTS];

    struct words up; /* oneshot: argv; empty: succeed */
    struct words down;
    struct words reload;

    uint32_t timeout_up; /* ms, 0 infinite */
    uint32_t timeout_down;
    bool essential; /* a bundle's members are, too */
    bool recommended;

    struct service_keys keys; /* of a longrun, but has_run and has_finish of a oneshot, too */
    char *producer_for;       /* NULL none */
    struct words consumer_for;
    char *pipeline_name;
    struct words logging_script; /* empty: as the container */
};

struct definitions {
    struct words sources; /* directories */
    struct words refused; /* names of definitions that were wrong, which was said */
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
struct definition_source {
    const char *path;
    bool bundles; /* user-bundles.d: an entry without a type is a bundle */
    bool package; /* of s6-overlay's package: what is built in stands there, too, and is only added
                     to */
};

/* Looks at the words of a logging-script: false with why filled. */
typedef bool script_check(const struct words *script, struct error *why);

struct definition_sources {
    const struct definition_source *item;
    size_t count;
    bool strict;                /* a source that is missing is an error, an empty one a warning */
    script_check *check_script; /* NULL: not looked at */
};

/* Adds the built-in nodes. -1: no memory. */
int definitions_builtin(struct definitions *d);

/* Reads every definition of all sources, which are one namespace. user and user2 are merged where
 * they are in several (with the deprecation warning outside of bundles). A directory without a type
 * adds to what any source defines. Everything wrong goes to p; returns -1 only when nothing can be
 * read at all. */
int definitions_read(struct definitions *d, const struct definition_sources *sources,
                     struct problems *p);

/* The file, and line of it or 0, where name i of a list is written. */
unsigned int definition_where(const struct definitions *all, const struct definition *d,
                              enum definition_list list, size_t i, char *path, size_t size);
const struct words *definition_list(const struct definition *d, enum definition_list list);

/* The same as bytes, for the database of s6-rc-compile and for pid 1 (docs/control.md); without
 * directories and origins. */
int definitions_pack(const struct definitions *d, struct str *out);
/* -1 with e for what definitions_pack cannot have made (EXIT_DATABASE), or without memory. */
int definitions_unpack(struct definitions *d, const char *bytes, size_t length, struct error *e);

/* "oneshot", "longrun", "bundle"; "unknown" for anything else. */
const char *definition_type_name(enum definition_type type);

/* How many changes of single letters turn a into b: for "did you mean". 64 for long names. */
unsigned int name_distance(const char *a, const char *b);

/* A new definition with the defaults of its type; valid until the next one is added. NULL: no
 * memory. The caller made sure that the name is new. */
struct definition *definitions_add(struct definitions *d, const char *name,
                                   enum definition_type type);

/* Index of a name, or -1. */
long definitions_find(const struct definitions *d, const char *name);
void definitions_release(struct definitions *d);
/* Frees one that stands by itself, as malloc gave it, and all that it owns; NULL is fine. */
void definition_free(struct definition *d);

#endif
