/* Definitions of services, as they are read from disk and never changed afterwards
 * (spec/s6-rc-source.md). The services that every container has (top, base, user, user2,
 * legacy-cont-init, legacy-services, fix-attrs) are definitions like all others, without a
 * directory.
 */
#ifndef SERVICES_DEFINITION_H
#define SERVICES_DEFINITION_H

#include "base/error.h"
#include "base/str.h"
#include "services/condition.h"
#include "services/keys.h"
#include "services/problems.h"
#include "services/section.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The work of a built-in oneshot; NONE: it is no built-in one. */
enum definition_builtin {
    BUILTIN_NONE = 0,
    BUILTIN_FIX_ATTRS,
    BUILTIN_CONT_INIT,
    BUILTIN_LEGACY_SERVICES
};

/* The place where a name of a list is written. */
#define ORIGIN_BUILTIN UINT32_MAX

struct origin {
    uint32_t source; /* index of the source, or ORIGIN_BUILTIN: no file says it */
    uint32_t line;   /* of the flat list; 0: the name is a file of its own */
};

struct origins {
    struct origin *item;
    size_t count;
};

/* Owns everything that it points to. */
struct definition {
    char *name;
    enum definition_type type;
    enum definition_builtin builtin;
    char *directory;               /* where it was read, or NULL */
    const struct section *section; /* its files; NULL: they are in the directory */
    struct keys_there there; /* the files of its directory, when it was read; none: not known */

    struct words dependencies;             /* names of services or bundles */
    struct words after;                    /* the same, as far as they are not left out */
    struct words contents;                 /* of a bundle: its members */
    struct origins from[DEFINITION_LISTS]; /* by list: where each name is written */

    struct words instances; /* of a longrun that is to be expanded (services/instances.h) */
    char *instance;         /* of one of several: its part of the name; or NULL */
    char *instance_of;      /* the bundle of all of them */
    struct words enable_if; /* conditions; none: always */
    char *left_out;         /* why the container does not start it (services/enable.h), or NULL */

    struct words up; /* of a oneshot: the arguments of its command; none: it succeeds */
    struct words down;
    struct words reload;

    uint32_t timeout_up; /* ms, 0 infinite */
    uint32_t timeout_down;
    bool essential; /* of a bundle: its members are, too */
    bool recommended;

    struct service_keys keys;    /* of a oneshot only has_run and has_finish */
    char *producer_for;          /* name of the consumer, or NULL */
    struct words consumer_for;   /* names of the producers */
    char *pipeline_name;         /* or NULL */
    struct words logging_script; /* none: as the container */
};

/* All definitions, by index. DEFINITIONS_INIT is empty and safe to release. */
struct definitions {
    struct words sources;     /* the directories and files that they were read from */
    struct sections sections; /* of services.conf */
    struct words refused;     /* names of definitions that are wrong, which was said */
    struct definition *item;
    size_t count;
    size_t capacity;
    uint32_t *by_name; /* hash table of 1 + index */
    size_t buckets;
};

#define DEFINITIONS_INIT ((struct definitions){.item = NULL})

/* A directory of definitions. */
struct definition_source {
    const char *path;
    bool conf; /* it is a services.conf, which need not be there; PATH.d/NAME.conf belong to it */
    const char *draft_path;  /* one of these files, which is to have another text; or NULL */
    const struct str *draft; /* that text */
    bool bundles;            /* as user-bundles.d: a directory without a type is a bundle */
    bool
        package; /* s6-overlay's own: it defines the built-in services again, and may add to them */
};

/* Returns false, with why filled, when a logger would refuse the words as its script. */
typedef bool script_check(const struct words *script, struct error *why);

struct definition_sources {
    const struct definition_source *item;
    size_t count;
    bool strict;                /* a source that is missing is an error, an empty one a warning */
    script_check *check_script; /* NULL: scripts are not checked */
    condition_lookup *variable; /* of the container, for enable-if and instances; NULL: nothing is
                                   left out, and no variable is set */
    bool as_written;    /* a definition with instances stays one, and no graph can be made */
    const char *scaled; /* folder of numbers that overlog scale has set, or NULL */
};

/* Adds the built-in services. 0, or -1 without memory. */
int definitions_builtin(struct definitions *d);

/* Reads the definitions of all sources, which are one namespace: a name is defined once, and
 * directories without a type add to it. Only user and user2 may be defined in several sources,
 * which are merged, and outside of a source of bundles that is warned of. Every mistake goes to p,
 * and does not stop the reading. 0, or -1 when no source could be read at all. */
int definitions_read(struct definitions *d, const struct definition_sources *sources,
                     struct problems *p);

/* Writes to path, of that size, the file that name i of a list is written in; returns the line, or
 * 0 for the whole file. d is one of all. */
unsigned int definition_where(const struct definitions *all, const struct definition *d,
                              enum definition_list list, size_t i, char *path, size_t size);
/* Appends a name to a list, and where it is written to its places, of which there are none yet for
 * built-in names before it. 0, or -1 without memory. */
int origins_add(struct origins *from, struct words *list, const char *name, struct origin at);
/* The names of a list, which d owns. */
const struct words *definition_list(const struct definition *d, enum definition_list list);

/* Appends all definitions to out as bytes, for a database and for pid 1; directories and the places
 * of names are left out. 0, or -1 without memory. */
int definitions_pack(const struct definitions *d, struct str *out);
/* Adds the definitions of such bytes to d, which has none. -1 with e, and some of them in d: the
 * bytes are of another format or damaged (code EXIT_DATABASE), or there is no memory (EXIT_SYSTEM).
 */
int definitions_unpack(struct definitions *d, const char *bytes, size_t length, struct error *e);

/* "oneshot", "longrun" or "bundle"; "unknown" for any other number. */
const char *definition_type_name(enum definition_type type);

/* The type of that name; 0: there is none. */
enum definition_type definition_type_of(const char *name);

/* Adds a definition without files, whose name no other has. The pointer is valid until another one
 * is added. NULL: no memory. */
struct definition *definitions_add(struct definitions *d, const char *name,
                                   enum definition_type type);

/* Puts an empty definition, of a name that no other has, in the place of definition i, which the
 * caller owns then (definition_release). 0, or -1 without memory: nothing has changed. */
int definitions_replace(struct definitions *d, size_t i, const char *name,
                        enum definition_type type, struct definition *was);
/* Removes definition i; those behind it move up. */
void definitions_remove(struct definitions *d, size_t i);
/* Makes to, which is empty but for its name, like another one. -1 without memory: it may have some
 * of it. */
int definition_copy(struct definition *to, const struct definition *from);

/* The index of a name, or -1. */
long definitions_find(const struct definitions *d, const char *name);
/* Frees the files of sections, once they are written where they are needed. */
void definitions_forget_files(struct definitions *d);
/* Frees all; d is as DEFINITIONS_INIT then. */
void definitions_release(struct definitions *d);
/* Frees all that one owns. */
void definition_release(struct definition *d);
/* Frees one that stands by itself, as malloc gave it, and all that it owns; NULL is fine. */
void definition_free(struct definition *d);

#endif
