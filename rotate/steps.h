/* The steps of rotation, shared by the log directory, its recovery and its helper. Each step can be
 * repeated without harm; recovery goes on from the first step whose result is not in the directory.
 * Steps return 0, or -1 with e (with errno where there is no e), unless they say otherwise.
 *
 * The first byte of the file lock is the logger's, the second its helper's: a helper that is about
 * to die with its logger cannot work beside the next one. */
#ifndef ROTATE_STEPS_H
#define ROTATE_STEPS_H

#include "rotate/archive.h"
#include "rotate/logdir.h"
#include <sys/stat.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1U
#endif
#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2U
#endif

enum { WAY_TRIES = 4 /* where somebody puts files there as fast as we set them aside */ };

enum { LOCK_LOGGER = 0, LOCK_HELPER = 1 };

/* Takes or gives back (F_WRLCK, F_UNLCK) the lock of one byte; never waits. */
int step_lock(int fd, short type, off_t byte);

/* Opens the file lock into d->lock and locks both bytes, having ended a helper that outlived its
 * logger. A lock file that others than its owner could open, or on which somebody holds a read
 * lock, is replaced. */
int lock_take(struct logdir *d, struct error *e);

/* --- names ------------------------------------------------------------------------------------ */

/* Whether there is a file of that name, symbolic links included. One that cannot be looked at is
 * taken to be there: what it holds must not be given up. */
bool step_exists(int directory, const char *name);

/* Whether the file of that name is the one that fstat described in *file. */
bool step_is_file(int directory, const char *name, const struct stat *file);

/* Renames, replacing; a missing file is success. A directory that is in the way is set aside. */
int step_replace(const struct logdir *d, const char *from, const char *to, struct error *e);

/* Sets a file aside that somebody put under a name of ours: renames it to NAME.aside@TAI64N, and
 * warns. A missing file is success. */
int step_aside(const struct logdir *d, const char *name, struct error *e);

/* Sets the name aside unless it is a regular file, or missing. */
int step_clear(const struct logdir *d, const char *name, struct error *e);

/* Removes a file, or sets a directory aside; a missing one is success. */
int step_remove(const struct logdir *d, const char *name, struct error *e);

/* Removes an archive that got no content. It is renamed first, so that readers that watch the
 * directory do not take it for lost lines. */
void step_discard(const struct logdir *d, const char *name);

/* --- modes ------------------------------------------------------------------------------------ */

/* Computes the mode of new files, from settings and umask, into d->settings.mode. */
void step_choose_mode(struct logdir *d);

/* The mode of current; with archive, that of an archive: the owner's x bit is set. */
mode_t step_mode(const struct logdir *d, bool archive);

/* Whether the errno of a change of mode or owner means that the file system has none. */
bool step_has_no_modes(int why);

/* --- files ------------------------------------------------------------------------------------ */

/* Opens a file that must be a regular one, following no link and never waiting. Returns the
 * descriptor, or -1 with errno (EINVAL: it is no regular file). */
int step_open(const struct logdir *d, const char *name, int flags);

/* Opens a file as step_open does; makes it with that mode when it is missing, and sets aside
 * anything under its name that is no regular file. Returns the descriptor, or -1 with e. */
int step_take(const struct logdir *d, const char *name, int flags, mode_t mode, struct error *e);

/* Makes a file that must be new, with the mode of current from its first moment on. Returns the
 * descriptor, with its fstat in *s, or -1 with errno and no file. */
int step_make(const struct logdir *d, const char *name, struct stat *s);

/* Removes the file of that name, if there is one, and makes it anew as step_make does. Returns the
 * descriptor, or -1 with e. */
int step_renew(const struct logdir *d, const char *name, struct error *e);

/* --- archives --------------------------------------------------------------------------------- */

/* Finishes a rename that was cut short: where the kernel has none that does not replace,
 * a rename to a new name makes a link and then unlinks the old name. Removes a name whose file has
 * an archive's name (current: or previous), too. */
int step_finish_link(const struct logdir *d, const char *name, struct error *e);

/* Renames a file to an archive's name later than every other's; a missing file is success. */
int step_archive(struct logdir *d, const char *from, bool unfinished, struct error *e);

/* Makes a regular file an archive, marked unless unfinished; removes it when it is empty, and sets
 * aside what is no regular file. */
int step_archive_or_remove(struct logdir *d, const char *from, bool unfinished, struct error *e);

/* Removes halves of compressions, plain twins of whole compressions, and archives that got no
 * content. The caller holds the helper's lock. */
int step_clean_archives(const struct logdir *d, struct error *e);

/* --- a processor's files: previous is its input, processed its output ------------------------- */

/* Whether a processor's output is whole: a regular file with the owner's x bit (the mark), or, on a
 * file system without modes, one whose previous is gone. 1, 0, or -1 with e: that cannot be told
 * now, and neither file may be given up. */
int step_processed(const struct logdir *d, struct error *e);

/* If the file lock has an x bit, which we never give it, the modes in this directory were lost or
 * changed by somebody else, and a mark proves nothing: removes processed, which may be half an
 * output, as long as previous still has its lines. To be called before lock gets its own mode back.
 */
int step_doubt_marks(const struct logdir *d, struct error *e);

/* Takes over an output that is whole and marked: removes previous, renames newstate to state, and
 * makes processed an archive. */
int step_adopt(struct logdir *d, struct error *e);

/* Whether a processor is set and has left work: previous or processed exists. */
bool step_has_input(const struct logdir *d);

/* --- current ---------------------------------------------------------------------------------- */

/* Whether the file under the name current is the one we write to. */
bool step_has_current(const struct logdir *d);

/* Makes fd, whose fstat is *s, the file that d writes to; owned from here on. Closes the old one.
 */
void step_use(struct logdir *d, int fd, const struct stat *s);

/* Makes a new current. A file of that name is somebody else's: it is archived, or set aside. On
 * failure there is no current. */
int step_create(struct logdir *d, struct error *e);

/* Renames current to `to` (NULL: an archive's name) and opens a new one: the empty new file is made
 * under the new name, then the two change places, in one step where the kernel and the file system
 * can. On failure current is as it was, or there is none. */
int step_change(struct logdir *d, const char *to, bool unfinished, struct error *e);

/* Marks current as ended cleanly, then changes it as step_change does. */
int step_turn(struct logdir *d, const char *to, struct error *e);

/* Recovers by the start-up table; ends with an open current. resume: as for logdir_open. */
int recover(struct logdir *d, bool resume, struct error *e);
/* The same in a directory that has had no logger. */
int recover_nothing(struct logdir *d, bool resume, struct error *e);

/* --- retention and the helper ----------------------------------------------------------------- */

/* Has archives named later than each of the sorted list: a helper names some, and users may add
 * some. Called before one is deleted, so that none gets its name again. */
void trim_see_newest(struct logdir *d, const struct archive *list, long count);

/* Pure: how many archives at the beginning of the sorted list n, S and a delete. age_too: deletion
 * by age is not paused. S needs the sizes filled in. */
long trim_doomed(const struct archive *list, long count, const struct logdir_settings *s,
                 const struct timespec *now, bool age_too);

/* Pure: ns until a plain archive is due for compression; 0: now; -1: it is not to be compressed as
 * things are. A reader that began the file when it was current has time until then: the newest
 * stays plain, and the others for a minute, unless bytes are scarce (S). A name in the future says
 * nothing about the age of its archive: it is due now. */
int64_t trim_ripe_in(const struct archive *a, bool newest, const struct logdir_settings *s,
                     const struct timespec *now);

/* Forks the helper when work_is_due. While one runs, sets d->again; where it has to wait or fork
 * fails, sets d->retry. */
void helper_start(struct logdir *d);

/* The exit codes of work, besides those of struct error. */
enum {
    WORK_DONE = 0,
    WORK_LOCKED = 75 /* another helper works in this directory, or two work in others */
};
/* The helper's own work, in the child: processes previous, or syncs and compresses archives. Warns
 * of failures. Returns the exit code. */
int work(struct logdir *d);

/* Whether there is work for a helper: archives to sync or to compress, or a processor's files. If
 * not, *wait is the ns until there will be; 0: not by the passing of time. */
bool work_is_due(const struct logdir *d, int64_t *wait);

#endif
