/* The value that follows a name, as far as it goes. Pure. */
#ifndef COMMAND_OVERLOG_MASK_VALUE_H
#define COMMAND_OVERLOG_MASK_VALUE_H

#include "command/overlog/mask_parts.h"

enum { MASK_BLOCK_MAX = 8192 /* bytes between braces or brackets */ };

/* An "&", as some writers of JSON have it. */
#define MASK_CODED_AND "\\u0026"

/* A name in a text, and how its value may be written. */
struct mask_place {
    size_t begin, end;  /* of the name */
    size_t key;         /* what the value stands below, if it is a block: the name, or "value" */
    char quote;         /* that it stands in, from its first character on; 0: none */
    bool quoted;        /* the quote ends right behind the name */
    bool option, first; /* with a dash in front; the first word of its line */
    bool query;         /* of a URL's query */
    bool assigned;      /* a command in front of it makes it a variable */
    bool colon;         /* the value follows a colon and a blank */
};

/* Whether it may be the name of a variable: of capitals, with "_" if there is a digit. */
bool mask_is_variable(const char *word, size_t length);

/* Adds the value that begins at i, unless it is harmless. */
void mask_add_value_at(struct mask_parts *p, const struct mask_place *n, size_t i);

/* Behind the bracket that closes the list or object at i; i: none does. Of a member of JSON that is
 * cut off, the end of the line or of the text. */
size_t mask_list_end(const struct mask_parts *p, const struct mask_place *n, size_t i);
/* Adds a list, an object or a block, of which nothing is learned but its members. */
void mask_add_whole(struct mask_parts *p, const struct mask_place *n, size_t begin, size_t end);
/* Adds each value among what commas, brackets and ends of lines separate. False: all are harmless.
 */
bool mask_add_members(struct mask_parts *p, const struct mask_place *n, size_t begin, size_t end);
/* The end of the lines of YAML below the line of i that are further in than the name, and of the
 * items below it. */
size_t mask_block_end(const struct mask_parts *p, const struct mask_place *n, size_t i);
/* Adds these lines, if the name is the first word of its own. */
void mask_add_block(struct mask_parts *p, const struct mask_place *n, size_t i);

#endif
