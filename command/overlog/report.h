/* overlog report: what a bug report needs, as files of an archive, without secrets. */
#ifndef COMMAND_OVERLOG_REPORT_H
#define COMMAND_OVERLOG_REPORT_H

#include "base/str.h"
#include "command/overlog/mask.h"
#include <stdbool.h>
#include <stddef.h>

struct report_file {
    char *name;      /* owned, as all of it */
    struct str text; /* as it was found, until report_mask */
    bool hidden;     /* its secrets are learned, and it is left out */
};

struct report {
    char *const *names; /* of services, and patterns; none: all */
    struct report_file *file;
    size_t count, room;
    struct mask mask;     /* what is secret in any of them */
    struct str places;    /* what was masked: "FILE:LINE: KIND", a line each */
    size_t masked;        /* how many lines that are */
    unsigned char *found; /* by name: it is that of a log or a definition; owned */
    bool hiding;          /* files that are added now are hidden */
    bool failed;          /* no memory: something is missing */
};

/* Adds a file; text is the report's from here on. A file whose name is that of a secret
 * (mask_is_secret_name) holds nothing else. */
void report_add(struct report *r, const char *name, struct str *text);
/* Adds a file of the system, if there is one. */
void report_add_file(struct report *r, const char *name, const char *path);
/* The same for a services.conf, with the sections of the services that are asked for. */
void report_add_conf(struct report *r, const char *name, const char *path);
/* Whether a service of that name is asked for. */
bool report_wants(struct report *r, const char *service);
/* The same for that of a definition, which may be NAME@. */
bool report_wants_definition(struct report *r, const char *name);
/* Appends the sections of the services that are asked for, with what is before the first section,
 * as it stands. 1: there are such; 0: there are others alone, and out is as it was; -1: no memory.
 */
int report_cut_conf(struct report *r, const struct str *text, struct str *out);

/* Collects all files. */
void report_gather(struct report *r);
/* Masks all of them, and adds the list of what was masked. 0, or -1: no memory. */
int report_mask(struct report *r);
void report_release(struct report *r);

#endif
