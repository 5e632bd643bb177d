/* Files and descriptors. Paths are relative to the directory descriptor at (or AT_FDCWD). Every
 * descriptor made here is close-on-exec. Errors name the path. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/error.h"
#include "base/str.h"
#include <stddef.h>
#include <sys/types.h>

/* Sets the mode mask of the process. It is remembered: what is made with a mode that the mask
 * leaves as it is has that mode at once, and needs no second call for it. Not to be changed by
 * other means afterwards. */
void file_set_mask(mode_t mask);
/* The mask; asks the kernel, by two calls, until it was set. */
mode_t file_mask(void);

/* Appends the whole file to out. 0, or -1 with e and errno: EFBIG when it has more than limit
 * bytes, ENOENT when there is none. Never waits, since anything but a regular file is refused. */
int file_read(int at, const char *path, size_t limit, struct str *out, struct error *e);
/* The same for anything that can be read, such as a pipe that the user names (/dev/fd/N). Waits for
 * its writer. */
int file_read_any(int at, const char *path, size_t limit, struct str *out, struct error *e);
/* Opens a regular file for reading, without waiting: a descriptor, or -1 with e and errno. */
int file_open(int at, const char *path, struct error *e);

/* Creates or truncates the file, writes it and gives it exactly that mode. 0, or -1 with e. */
int file_write(int at, const char *path, const void *bytes, size_t length, mode_t mode,
               struct error *e);
/* The same by way of PATH.new and rename: readers see the old or the new content, never a part. */
int file_replace(int at, const char *path, const void *bytes, size_t length, mode_t mode,
                 struct error *e);

/* Writes all bytes, however many writes that takes. 0, or -1 with errno. */
int fd_write_all(int fd, const void *bytes, size_t length);
/* The same, and waits where somebody has made the descriptor one that does not block. */
int fd_write_waiting(int fd, const void *bytes, size_t length);
/* The same; *written: how many bytes were, also on error. */
int fd_write_counting(int fd, const void *bytes, size_t length, size_t *written);

/* Makes a directory of exactly that mode, and missing parents of mode 0755. 0, also when it exists,
 * or -1 with e. */
int file_make_directories(int at, const char *path, mode_t mode, struct error *e);

/* Removes a file or a whole tree; follows no symbolic link. What is mounted in it keeps its files,
 * and is an error (EBUSY). 0, also when there is nothing, or -1 with e. */
int file_remove_tree(int at, const char *path, struct error *e);

/* Copies the content of a regular file to a new or truncated file of exactly that mode. 0, or -1
 * with e; so do the next two. */
int file_copy(int from_at, const char *from, int to_at, const char *to, mode_t mode,
              struct error *e);
/* Copies a directory recursively with its modes (data/, env/). */
int file_copy_tree(int from_at, const char *from, int to_at, const char *to, struct error *e);
/* Copies a file or a tree, whatever kinds of files are in it, with modes and, as root, owners.
 * A copy that cannot have its owner loses its s bits. Symbolic links are copied, never followed. A
 * link or file that is in the way is replaced. */
int file_copy_all(int from_at, const char *from, int to_at, const char *to, struct error *e);

/* Whether both paths lead to the same file, which is there: 1 or 0. */
int file_is_same(const char *one, const char *other);

/* Appends the names in a directory that do not begin with a dot, sorted bytewise. 0, or -1 with e.
 */
int file_list(int at, const char *path, struct words *out, struct error *e);

/* Called with the name of an entry; a negative value, with errno, ends the listing. */
typedef int file_name(void *to, const char *name);
/* Calls each with every name in the directory fd but "." and "..", unsorted, from where fd stands:
 * from the beginning after open. No memory is taken. 0, or -1 with errno. */
int fd_each_name(int fd, file_name *each, void *to);
/* The same, with more: whether the directory itself says that it is a regular file, which not every
 * file system does. */
typedef int file_entry(void *to, const char *name, int is_file);
int fd_each_entry(int fd, file_entry *each, void *to);
/* Appends them to out; hidden 0: but for those that begin with a dot. 0, or -1 with errno. */
int fd_names(int fd, int hidden, struct words *out);

/* Makes a symbolic link, which replaces what is there, by rename. 0, or -1 with e. */
int file_link(const char *target, int at, const char *path, struct error *e);

/* Sets the mode of the file that fd, perhaps an O_PATH descriptor, is open on. name, in the
 * directory at, is where it was found; it is used only without /proc on kernels before 6.6, where
 * anything but a regular file or a directory fails with ENOSYS. 0, or -1 with errno. */
int fd_mode(int fd, int at, const char *name, mode_t mode);
/* That fallback: opens name again, and fails with ESTALE when it is another file by now. */
int fd_mode_by_name(int fd, int at, const char *name, mode_t mode);
/* Sets the mode of a file of that type (S_IFDIR, ...) that the caller has just made at path. 0, or
 * -1 with errno: ESTALE when somebody has put a link or another file in its place since. */
int file_mode_made(int at, const char *path, mode_t type, mode_t mode);

/* How many bytes of a pipe wait to be read; -1: it is none, or fd is -1. Leaves errno as it is. */
int fd_unread(int fd);
/* Whether another process holds a lock on the open file; fd may be -1. */
int fd_is_locked(int fd);
/* The same; *holder: its pid, 0 if that is none of our pid namespace. */
bool fd_lock_holder(int fd, pid_t *holder);
/* Closes it, and leaves errno as it is; -1: there is nothing to close. */
void fd_close(int fd);
/* The same, and sets it to -1. */
void fd_drop(int *fd);
/* Closes all descriptors from that number on. */
void fd_close_from(int first);
/* Closes both, in one call where they stand side by side and the kernel can (Linux 5.9). */
void fd_close_both(int one, int other);
/* Sets (on 1) or clears (0) close-on-exec. 0, or -1 with errno: EBADF, it is not open. */
int fd_cloexec(int fd, int on);
/* Sets close-on-exec of all that are open from first to last. 0, or -1 with errno: the kernel does
 * not know how (before Linux 5.11), and nothing has changed. */
int fd_cloexec_range(int first, int last);

#endif
