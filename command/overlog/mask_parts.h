/* The searches behind mask.h: each adds the secrets of its kind in a text. Pure. */
#ifndef COMMAND_OVERLOG_MASK_PARTS_H
#define COMMAND_OVERLOG_MASK_PARTS_H

#include <stdbool.h>
#include <stddef.h>

enum { MASK_KIND_MAX = 80 };

struct mask_part {
    size_t begin, end; /* in the text */
    size_t from, to;   /* within it, what is the secret wherever else it stands; equal: nothing */
    char kind[MASK_KIND_MAX];
};

struct mask_parts {
    const char *text;
    size_t length;
    struct mask_part *part; /* owned */
    size_t count, room;
    bool failed; /* no memory: parts are missing */
};

/* Adds bytes begin to end; learn: all of them are the secret, else none. */
void mask_add(struct mask_parts *p, size_t begin, size_t end, bool learn, const char *kind);
/* The same, to be learned, of the kind "WHAT NAME" with a name of that length. */
void mask_add_value(struct mask_parts *p, size_t begin, size_t end, const char *what,
                    const char *name, size_t length);

/* Values of names, of options and of the password options of some programs. */
void mask_find_values(struct mask_parts *p);
/* Tokens, URLs, PEM blocks. */
void mask_find_shapes(struct mask_parts *p);

/* The end of the line that position at is in: of its newline, or of the text. */
size_t mask_line_end(const struct mask_parts *p, size_t at);
/* Where that line begins. */
size_t mask_line_begin(const struct mask_parts *p, size_t at);

#endif
