/* Files and descriptors. Paths are relative to the directory descriptor at (or AT_FDCWD). Every
 * descriptor made here is close-on-exec. Errors name the path. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/error.h"
#include "base/str.h"
#include <stddef.h>
#include <sys/types.h>

/* Appends the whole file. More than limit bytes is an error (EFBIG). A missing file returns -1 with
 * errno ENOENT. Never waits: what is no regular file (a fifo or device in its place) is refused. */
int file_read(int at, const char *path, size_t limit, struct str *out, struct error *e);
/* The same of anything that can be read, for a file that the caller's user names and that may be a
 * pipe (/dev/fd/N). Waits for who writes to it. */
int file_read_any(int at, const char *path, size_t limit, struct str *out, struct error *e);
/* A descriptor to read a regular file from; -1: there is none, and opening did not wait. */
int file_open(int at, const char *path, struct error *e);

/* Creates or truncates, then writes; mode is exact, whatever the umask. */
int file_write(int at, const char *path, const void *bytes, size_t length, mode_t mode,
               struct error *e);
/* The same through PATH.new and rename: readers see the old or the new content, never a part. */
int file_replace(int at, const char *path, const void *bytes, size_t length, mode_t mode,
                 struct error *e);

/* Writes everything, through EINTR and short writes. 0, or -1 with errno. */
int fd_write_all(int fd, const void *bytes, size_t length);

/* Makes missing parents too (0755); an existing directory is success; mode is exact for the last.
 */
int file_make_directories(int at, const char *path, mode_t mode, struct error *e);

/* Removes a file or a whole tree without following symbolic links or crossing the named entry;
 * a missing path is success. */
int file_remove_tree(int at, const char *path, struct error *e);

/* Copies a regular file's content to a new or truncated file of exactly that mode. */
int file_copy(int from_at, const char *from, int to_at, const char *to, mode_t mode,
              struct error *e);
/* Copies a directory recursively with its modes (data/, env/). */
int file_copy_tree(int from_at, const char *from, int to_at, const char *to, struct error *e);
/* Copies a file or a tree of any kinds of files with modes and, as root, owners. Symbolic links are
 * copied; none is followed, and one in the way is replaced. Files left by an earlier copy too. */
int file_copy_all(int from_at, const char *from, int to_at, const char *to, struct error *e);

/* The names in a directory that do not begin with a dot, sorted bytewise, appended to out. */
int file_list(int at, const char *path, struct words *out, struct error *e);

/* A symbolic link that replaces what is there (by rename). */
int file_link(const char *target, int at, const char *path, struct error *e);

/* The mode of the very file that fd is, which may be an O_PATH descriptor; name in the directory at
 * is where it was found, without a last link followed. It is looked at only without /proc and on
 * kernels before 6.6, and then anything but a regular file or a directory is ENOSYS. 0, or -1 with
 * errno. */
int fd_mode(int fd, int at, const char *name, mode_t mode);
/* What it does then: opens name again, and fails with ESTALE where that is another file by now. */
int fd_mode_by_name(int fd, int at, const char *name, mode_t mode);
/* The mode of what the caller has just made at path, of the type S_IF... Where somebody has put a
 * link or something else in its place since, ESTALE. 0, or -1 with errno. */
int file_mode_made(int at, const char *path, mode_t type, mode_t mode);

int fd_cloexec(int fd, int on);

#endif
