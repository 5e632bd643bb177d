/* What the verbs of `overlog` share: the tree of definitions they read with the reader
 * that boot uses, JSON, and colours. */
#ifndef COMMAND_OVERLOG_OVERLOG_H
#define COMMAND_OVERLOG_OVERLOG_H

#include "base/error.h"
#include "base/str.h"
#include "command/overlog/imagecheck.h"
#include "services/graph.h"
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* --- the tree --------------------------------------------------------------------------------- */

#define TREE_DEFAULT "/etc/s6-overlay"

/* A script that was looked at already. */
struct inspected {
    dev_t device;
    ino_t inode;
    unsigned int depth; /* how many in a row it was the last of, as interpreters of one another */
};

struct tree {
    bool whole; /* it is that of the root: what its scripts name must be there */
    char services[4096];
    char bundles[4096];
    char conf[4096]; /* services.conf */
    bool alone;      /* nothing but that file */
    char dir[4096];  /* what /etc/s6-overlay will be */
    struct definitions definitions;
    struct graph graph;
    struct problems problems;
    struct image_build image; /* of a tree that is not whole */
    struct inspected *inspected;
    size_t inspected_count, inspected_room;
    bool as_written; /* a definition with instances is one, under its own name; there is no graph */
    const char *draft_path;      /* a services.conf that is to have another text; or NULL */
    const struct str *draft;     /* that text */
    const struct script *script; /* the one that is being looked at; NULL: none */
};

/* Makes root our root (NULL: keeps ours) and finds the tree there: dir is an s6-overlay folder, its
 * s6-rc.d, a folder that has etc/s6-overlay, or a services.conf alone; NULL: /etc/s6-overlay. For a
 * root, a plain user needs a user namespace. 0, or -1 with e. */
int tree_find(struct tree *t, const char *root, const char *dir, struct error *e);
/* Reads the tree, once. What is wrong goes to t->problems, a missing tree included. 0, or
 * EXIT_SYSTEM: no memory. */
int tree_read(struct tree *t);
/* Reads it again, as it is written. 0, or the exit code after saying why not. */
int tree_read_as_written(struct tree *t);
/* Reads it as it would be if the services.conf at path had that text, into *draft, which borrows
 * both and is to be released. 0, or EXIT_SYSTEM: no memory. */
int tree_read_draft(const struct tree *t, const char *path, const struct str *text,
                    struct tree *draft);
/* Finds and reads it, for verbs that need a good tree. 0, or the exit code after saying what is
 * wrong. */
int tree_load(struct tree *t, const char *root, const char *dir);
/* Frees what tree_read made. */
void tree_release(struct tree *t);
/* The definition of a node of t->graph. */
const struct definition *tree_definition(const struct tree *t, uint32_t node);
/* By node, 1 for each that the container starts. The caller frees it; NULL: no memory. */
unsigned char *tree_started(const struct tree *t);

/* --- output ----------------------------------------------------------------------------------- */

/* Append a member, or with key NULL an element of a list, with the comma before it where one is
 * needed. text NULL, a negative number_or_null, and the time {0, 0}: null. bracket: '{' or '['
 * opens, '}' or ']' closes. */
void json_string(struct str *out, const char *key, const char *text);
void json_number(struct str *out, const char *key, long long number);
void json_number_or_null(struct str *out, const char *key, long long number);
void json_time(struct str *out, const char *key, const struct timespec *time);
void json_bool(struct str *out, const char *key, bool value);
void json_open(struct str *out, const char *key, char bracket);
void json_close(struct str *out, char bracket);

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_RED, STYLE_GREEN, STYLE_YELLOW, STYLE_DIM };
/* The escape sequence; "" unless stdout is a terminal that shows colours. */
const char *style(enum style s);

/* Appends a text that others wrote as base/utf8.h shows it, and blanks up to that width. */
void put_shown(struct str *out, const char *text, size_t width);
/* Prints the formatted text on stdout, shown in the same way; no newline is in it or added. */
void print_shown(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The width of a text shown in that way. */
size_t shown_width(const char *text);
/* Appends milliseconds as people say them: "0.3s", "2m 5s". */
void put_span(struct str *out, long long ms);

/* Writes out to stdout and releases it. 0, or the exit code after saying what failed. */
int put_all(struct str *out);

#endif
