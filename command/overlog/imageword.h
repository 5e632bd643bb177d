/* Words, variables and lists of a Dockerfile's instructions. */
#ifndef COMMAND_OVERLOG_IMAGEWORD_H
#define COMMAND_OVERLOG_IMAGEWORD_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/* Behind the blanks at p, which are no line ends. */
const char *image_skip(const char *p);
/* The length of the word at p, its quotes included. */
size_t image_word(const char *p, char escape);

/* The value of a variable, the name's length given; NULL: it is not known. variables holds
 * NAME=VALUE, or NAME alone: unknown; the last one counts. */
const char *image_value(const struct words *variables, const char *name, size_t length);
/* A word without its quotes, with its variables' values, to be freed; NULL: not all of it is known,
 * or there is no memory. */
char *image_expand(const char *text, size_t size, char escape, const struct words *variables);

/* The words of a JSON list of strings. False: text is no such list, or something follows. */
bool image_list(const char *text, struct words *out);

#endif
