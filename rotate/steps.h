/* The steps of rotation, shared by the log directory, its recovery and its helper. Each can be
 * repeated; recovery goes on from the first one that the directory's content does not show.
 *
 * The first byte of lock is the logger's, the second its helper's: so that a helper that is about
 * to die with its logger does nothing behind the back of the next one. */
#ifndef ROTATE_STEPS_H
#define ROTATE_STEPS_H

#include "rotate/archive.h"
#include "rotate/logdir.h"

enum { LOCK_LOGGER = 0, LOCK_HELPER = 1 };

/* Takes or gives back (F_WRLCK, F_UNLCK) the lock of one byte; never waits. 0, or -1 with errno. */
int step_lock(int fd, short type, off_t byte);

/* Whether something has that name; a link is something. */
bool step_exists(int directory, const char *name);

/* Renames without replacing: -1 with errno EEXIST when the new name is taken. */
int step_rename(int directory, const char *from, const char *to);

/* Gives a file an archive's name later than every other's; a missing file is success. */
int step_archive(struct logdir *d, const char *from, bool unfinished, struct error *e);

/* The same; an empty file is removed instead. */
int step_archive_or_remove(struct logdir *d, const char *from, bool unfinished, struct error *e);

/* Opens a file that must be a regular one, following no link, waiting for nothing: the descriptor
 * or -1 with errno. */
int step_open(const struct logdir *d, const char *name, int flags);

/* Removes what has that name, then makes it, empty and with the mode of current. The descriptor, or
 * -1 with errno. */
int step_renew(const struct logdir *d, const char *name);

/* A missing file is success. */
int step_remove(const struct logdir *d, const char *name, struct error *e);

/* What a processor wrote is whole: a regular file with the owner's x bit, or, on a file system
 * without modes, one whose previous is gone. */
bool step_is_processed(const struct logdir *d);

/* The errno of a change of mode or owner: the file system has none. */
bool step_has_no_modes(int why);

/* Opens current anew, which must not exist. */
int step_create(struct logdir *d, struct error *e);

/* The mode of current, and of an archive: owner's x bit. */
mode_t step_mode(const struct logdir *d, bool archive);

/* What a processor wrote is whole and marked: it replaces previous, and newstate state. */
int step_adopt(struct logdir *d, struct error *e);

/* Removes halves of compressions, and the plain twins of whole ones. The helper's lock is held. */
int step_clean_compressions(const struct logdir *d, struct error *e);

/* The start-up table; ends with an open current. */
int recover(struct logdir *d, bool resume, struct error *e);

/* Pure: marks in doomed (count bytes) what n, S and a delete of a sorted list. age_too: deletion by
 * age is not paused. */
void trim_mark(const struct archive *list, long count, const struct logdir_settings *s,
               const struct timespec *now, bool age_too, unsigned char *doomed);

/* Starts the helper when there is something for it: archives to sync or to compress, or previous
 * to process. */
void helper_start(struct logdir *d);

/* There is something that a processor did not finish: previous, or processed. */
bool helper_has_input(const struct logdir *d);

/* Waits a moment for the helper of a logger that died to follow it, and sees to it that it does;
 * its lock is ours then. */
int helper_end_old(const struct logdir *d, struct error *e);

/* The helper's own work (work.c), in the child: what it exits with. */
enum {
    WORK_DONE = 0,
    WORK_LOCKED = 75 /* another helper is at work here, or two are elsewhere */
};
int work(struct logdir *d);

/* Archives newer than d->synced, and plain ones that retention leaves, to be compressed. */
bool work_is_due(struct logdir *d);

#endif
