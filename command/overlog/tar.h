/* Writes tar archives in the format ustar, of plain files. Pure. */
#ifndef COMMAND_OVERLOG_TAR_H
#define COMMAND_OVERLOG_TAR_H

#include "base/str.h"
#include <stddef.h>
#include <stdint.h>

/* Appends a file of that mode and time (seconds since 1970), which belongs to root. 0; 1: its name
 * cannot be written in ustar, and nothing was added: it begins with a slash, has a part "..", or no
 * slash cuts it into at most 155 and 100 bytes; -1: no memory. */
int tar_add(struct str *out, const char *name, unsigned int mode, int64_t time, const void *bytes,
            size_t length);
/* Ends the archive. 0, or -1: no memory. */
int tar_end(struct str *out);

#endif
