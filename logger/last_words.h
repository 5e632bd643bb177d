/* The last line that an instance of the service wrote to stderr. The supervisor tells it with a
 * loop of deaths, and knows no logs: at the boundary between two instances the logger leaves it in
 * the memory file of stderr's journal (contract/logger.h), where the supervisor looks once the next
 * instance is there.
 */
#ifndef LOGGER_LAST_WORDS_H
#define LOGGER_LAST_WORDS_H

#include "contract/logger.h"
#include <stddef.h>

/* All zero: nothing was written yet. */
struct last_words {
    char text[LAST_WORDS_SIZE]; /* the beginning of the line; zeros behind it */
    size_t length;
    size_t kept; /* of text: what the next bytes go on with */
    size_t left; /* length of what stands in the file */
};

/* Keeps the last line of these bytes that is not empty, whether it is ended or not. Without one
 * nothing changes. Pure. */
void last_words_note(struct last_words *w, const char *bytes, size_t length);
/* The begun line at their end will not come again: the next bytes are what follows. Pure. */
void last_words_keep(struct last_words *w);

/* Leaves the line in fd, the memory file of stderr's journal, in the place of that of an earlier
 * instance, and begins anew. fd -1: nobody would find it. A failure leaves nothing. */
void last_words_leave(struct last_words *w, int fd);

#endif
