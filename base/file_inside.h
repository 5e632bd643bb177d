/* Functions that file.c and file_tree.c share. */
#ifndef BASE_FILE_INSIDE_H
#define BASE_FILE_INSIDE_H

#include "base/file.h"
#include <stdbool.h>
#include <sys/types.h>

enum { FILE_CHUNK = 16384 /* bytes read at once */ };

/* read, repeated when a signal interrupts it. */
ssize_t fd_read_some(int fd, void *buffer, size_t size);

/* Opens a file for writing that has exactly that mode; flags: O_TRUNC for one that may be there,
 * O_EXCL, O_NOFOLLOW. A descriptor, or -1 with errno. */
int file_make(int at, const char *path, int flags, mode_t mode);
/* Opens a directory for its entries, with flags beside O_RDONLY. The descriptor, or -1 with errno.
 */
int file_open_directory(int at, const char *path, int flags);

#endif
