/* The value that follows a name, as far as it goes. Pure. */
#ifndef COMMAND_OVERLOG_MASK_VALUE_H
#define COMMAND_OVERLOG_MASK_VALUE_H

#include "command/overlog/mask_parts.h"

enum { MASK_BLOCK_MAX = 8192 /* bytes of a block in braces */ };

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

#endif
