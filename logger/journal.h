/* What a paired logger leaves to its successor in memfds: begun lines and unwritten bytes. */
#ifndef LOGGER_JOURNAL_H
#define LOGGER_JOURNAL_H

#include "base/str.h"
#include "logger/line.h"
#include <stdbool.h>

/* begun: the console shows the beginning of a line. 0, or -1 with errno. */
int journal_save(int fd, const struct lines *l, bool begun);
/* Takes it back and empties the file. l must be empty. Nothing there, or nonsense: l stays so. */
void journal_restore(int fd, struct lines *l, bool *begun);

/* The same for plain bytes. */
int journal_write(int fd, const struct str *bytes);
int journal_read(int fd, struct str *bytes);

#endif
