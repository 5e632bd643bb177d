/* The files of a definition that stands in services.conf, in memory: what its directory would hold.
 * The path of such a directory is FILE/NAME, as if the file was a folder, so that FILE/NAME/run can
 * be said of it like of any other; where a person is told, it becomes FILE and a line. */
#ifndef SERVICES_SECTION_H
#define SERVICES_SECTION_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SECTION_PATH = 4096 };

struct section_file {
    char *name;
    char *text;
    size_t length;
    uint32_t *line; /* of services.conf, for each line of the text */
    size_t lines;
};

/* Owns everything that it points to. */
struct section {
    char *path;           /* FILE/NAME */
    const char *name;     /* the end of path */
    char *about;          /* of the comments above it; or NULL */
    uint32_t line;        /* of its header */
    uint32_t source;      /* index of its file among the sources of definitions */
    bool typed;           /* false: it only adds to what is defined elsewhere */
    struct words bundles; /* that it joins */
    uint32_t bundle_line; /* where that is said */
    char *program;        /* what its command line executes; NULL: it has none */
    uint32_t program_line;
    char *user; /* who runs it, as it is written; or NULL */
    uint32_t user_line;
    struct section_file *file;
    size_t count;
    size_t room;
};

/* Owns its sections. SECTIONS_INIT is empty and safe to release. */
struct sections {
    struct section **item;
    size_t count;
    size_t room;
};

#define SECTIONS_INIT ((struct sections){.item = NULL})

/* An empty one of that name in the file. NULL: no memory. */
struct section *section_new(const char *file, const char *name, size_t length);
/* The file of that name, or NULL. */
const struct section_file *section_find(const struct section *s, const char *name);
/* The services.conf that it stands in, in out, which is returned. */
const char *section_conf(const struct section *s, char out[SECTION_PATH]);
/* Adds a file, which s owns then. -1: no memory, and the file is freed. */
int section_add(struct section *s, struct section_file file);
/* Frees it; NULL is fine. */
void section_free(struct section *s);

/* Adds a section, which the list owns then. -1: no memory, and the section is freed. */
int sections_add(struct sections *list, struct section *s);
/* Makes the place of a person's file of a path in a section: cuts path at the end of FILE and sets
 * line, which was that of FILE/NAME/file or 0, to the one in FILE. Other paths stay as they are. */
void sections_locate(const struct sections *list, char *path, unsigned int *line);
/* Frees all; the list is as SECTIONS_INIT then. */
void sections_release(struct sections *list);

#endif
