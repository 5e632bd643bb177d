/* services.conf as text: sections of keys, with the line of each. Pure: bytes in, sections and
 * mistakes out; it knows no key and no service. docs/services.conf.5 has the format.
 *
 *   [NAME]            begins a section; comment lines right above it are what it is about
 *   KEY = VALUE       a key of it
 *     MORE            an indented line goes on with the value, a blank one between such too
 *   # COMMENT         from the beginning of a line; one within a value is an empty line of it
 *
 * A value that goes on keeps its lines; the blanks that all lines below the key have in common are
 * taken away, so that a script can be indented as a whole. */
#ifndef SERVICES_CONF_H
#define SERVICES_CONF_H

#include <stddef.h>
#include <stdint.h>

enum {
    CONF_BYTES_MAX = 1 << 20, /* of a file */
    CONF_SECTIONS_MAX = 4096,
    CONF_KEYS_MAX = 128, /* of a section */
    CONF_MISTAKES_MAX = 32
};

struct conf_key {
    char *name;
    char *value;         /* "" when there is none; no newline at its end */
    uint32_t line;       /* where the key stands, from 1 */
    uint32_t value_line; /* where the first line of the value stands */
};

struct conf_section {
    char *name;
    char *about; /* of the comments above it, joined by newlines; or NULL */
    uint32_t line;
    struct conf_key *key;
    size_t count;
    size_t room;
};

struct conf_mistake {
    uint32_t line;
    char text[160];   /* what is wrong */
    const char *cure; /* what to do, static */
};

/* Owns everything that it points to. CONF_INIT is empty and safe to release. */
struct conf {
    struct conf_section *section;
    size_t count;
    size_t room;
    struct conf_mistake mistake[CONF_MISTAKES_MAX]; /* the first ones */
    size_t mistakes;
};

#define CONF_INIT ((struct conf){.section = NULL})

/* Reads text into c, which is empty. A line with a mistake is left out, and nothing else is; a key
 * that a section has twice counts the first time. 0, or -1: no memory. */
int conf_parse(struct conf *c, const char *text, size_t length);
/* The key of that name, or NULL. */
const struct conf_key *conf_find(const struct conf_section *s, const char *name);
/* Frees all; c is as CONF_INIT then. */
void conf_release(struct conf *c);

#endif
