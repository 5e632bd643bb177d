/* The steps of rotation, shared by the log directory, its recovery and its helper. Each can be
 * repeated; recovery goes on from the first one that the directory's content does not show.
 *
 * The first byte of lock is the logger's, the second its helper's: so that a helper that is about
 * to die with its logger does nothing behind the back of the next one. */
#ifndef ROTATE_STEPS_H
#define ROTATE_STEPS_H

#include "rotate/archive.h"
#include "rotate/logdir.h"
#include <sys/stat.h>

enum { LOCK_LOGGER = 0, LOCK_HELPER = 1 };

/* Takes or gives back (F_WRLCK, F_UNLCK) the lock of one byte; never waits. 0, or -1 with errno. */
int step_lock(int fd, short type, off_t byte);

/* Whether something has that name; a link is something. */
bool step_exists(int directory, const char *name);

/* Whether that name is the file's that file describes. */
bool step_is_file(const struct logdir *d, const char *name, const struct stat *file);

/* Takes lock, both bytes, having ended a helper that outlived its logger. lock is a file that only
 * its owner can open: one that others could have open is replaced. */
int lock_take(struct logdir *d, struct error *e);

/* Settles what modes new files get, by settings and umask. */
void step_choose_mode(struct logdir *d);

/* The mode of current, and of an archive: owner's x bit. */
mode_t step_mode(const struct logdir *d, bool archive);

/* The errno of a change of mode or owner: the file system has none. */
bool step_has_no_modes(int why);

/* Renames without replacing: -1 with errno EEXIST when the new name is taken. */
int step_rename(int directory, const char *from, const char *to);

/* Renames, replacing; a missing file is success. A directory that is in the way is set aside. */
int step_replace(const struct logdir *d, const char *from, const char *to, struct error *e);

/* Gives what somebody put under a name of ours another name, NAME.aside@TAI64N, and says so. */
int step_aside(const struct logdir *d, const char *name, struct error *e);

/* The same unless it is a regular file, or missing. */
int step_clear(const struct logdir *d, const char *name, struct error *e);

/* Removes a file, or sets a directory aside; a missing one is success. */
int step_remove(const struct logdir *d, const char *name, struct error *e);

/* Removes an archive that got no content, under another name: those who follow the directory would
 * take it for lines that are lost. */
void step_discard(const struct logdir *d, const char *name);

/* Gives a file an archive's name later than every other's; a missing file is success. */
int step_archive(struct logdir *d, const char *from, bool unfinished, struct error *e);

/* The same, whatever it is: an empty file is removed, and what is no file is set aside. */
int step_archive_or_remove(struct logdir *d, const char *from, bool unfinished, struct error *e);

/* Opens a file that must be a regular one, following no link, waiting for nothing: the descriptor
 * or -1 with errno. */
int step_open(const struct logdir *d, const char *name, int flags);

/* The same, made with that mode when it is missing, and what is no file set aside; -1 with e. */
int step_take(const struct logdir *d, const char *name, int flags, mode_t mode, struct error *e);

/* Makes a file that must be new, with the mode of current from its first moment on. The descriptor
 * and what fstat says of it, or -1 with errno and nothing made. */
int step_make(const struct logdir *d, const char *name, struct stat *s);

/* Removes what has that name, then makes it. The descriptor, or -1. */
int step_renew(const struct logdir *d, const char *name, struct error *e);

/* What a processor wrote is whole: a regular file with the owner's x bit, or, on a file system
 * without modes, one whose previous is gone. */
bool step_is_processed(const struct logdir *d);

/* Lock is executable, by no doing of ours: the modes of this directory were lost, or somebody else
 * gave them, so that a mark proves nothing. What may be half of an output is removed while previous
 * has its lines. To be called before lock gets its own mode back. */
int step_doubt_marks(const struct logdir *d, struct error *e);

/* Drops the output of a processor that is not marked: it is removed when previous has its lines,
 * and becomes an unfinished archive when nothing else has. */
int step_drop_processed(struct logdir *d, struct error *e);

/* What a processor wrote is whole and marked: it replaces previous, and newstate state. */
int step_adopt(struct logdir *d, struct error *e);

/* The file under the name current is the one we write to. */
bool step_has_current(const struct logdir *d);

/* From now on that file, which s describes, is current. */
void step_use(struct logdir *d, int fd, const struct stat *s);

/* There is no current, for the reason why (an errno). */
void step_release(struct logdir *d, int why);

/* Makes a new current. Whatever has the name is somebody else's: archived, or set aside. When that
 * fails there is no current. */
int step_create(struct logdir *d, struct error *e);

/* Gives current a new name (NULL: an archive's), and a new file its name, in one step where the
 * kernel and the file system can: the empty new file is made under the new name, then the two
 * change places. On failure current is as it was, or there is none. */
int step_change(struct logdir *d, const char *to, bool unfinished, struct error *e);

/* The same with a current that ended cleanly. */
int step_turn(struct logdir *d, const char *to, struct error *e);

/* There is something that a processor did not finish: previous, or processed. */
bool step_has_input(const struct logdir *d);

/* Removes halves of compressions, the plain twins of whole ones, and archives that got no content.
 * The helper's lock is held. */
int step_clean_archives(const struct logdir *d, struct error *e);

/* The start-up table; ends with an open current. */
int recover(struct logdir *d, bool resume, struct error *e);

/* Pure: marks in doomed (count bytes) what n, S and a delete of a sorted list. age_too: deletion by
 * age is not paused. */
void trim_mark(const struct archive *list, long count, const struct logdir_settings *s,
               const struct timespec *now, bool age_too, unsigned char *doomed);

/* Pure: in how many ns a plain archive is to be compressed, 0 now, -1 not as things are. Who reads
 * it, having begun when it was current, has time until then: the newest stays as it is, and the
 * others for a minute, unless bytes are scarce (S). A name in the future says nothing of its age.
 */
int64_t trim_ripe_in(const struct archive *a, bool newest, const struct logdir_settings *s,
                     const struct timespec *now);

/* Starts the helper when there is something for it: archives to sync or to compress, or previous
 * to process. */
void helper_start(struct logdir *d);

/* The helper's own work (helper_work.c), in the child: what it exits with. */
enum {
    WORK_DONE = 0,
    WORK_LOCKED = 75 /* another helper is at work here, or two are elsewhere */
};
int work(struct logdir *d);

/* There is something for a helper: archives to sync or to compress, or previous to process. If not,
 * wait says in how many ns there will be; 0: not by itself. */
bool work_is_due(const struct logdir *d, int64_t *wait);

#endif
