/* The steps of rotation, shared by the log directory, its recovery and its helper. Each can be
 * repeated; recovery goes on from the first one that the directory's content does not show. */
#ifndef ROTATE_STEPS_H
#define ROTATE_STEPS_H

#include "rotate/archive.h"
#include "rotate/logdir.h"

/* Renames without replacing: -1 with errno EEXIST when the new name is taken. */
int step_rename(int directory, const char *from, const char *to);

/* Gives a file an archive's name later than every other's; a missing file is success. */
int step_archive(struct logdir *d, const char *from, bool unfinished, struct error *e);

/* Opens current anew, which must not exist. */
int step_create(struct logdir *d, struct error *e);

/* The mode of current, and of an archive: owner's x bit. */
mode_t step_mode(const struct logdir *d, bool archive);

/* The start-up table; ends with an open current. */
int recover(struct logdir *d, bool resume, struct error *e);

/* Pure: marks in doomed (count bytes) what n, S and a delete of a sorted list. age_too: deletion by
 * age is not paused. */
void trim_mark(const struct archive *list, long count, const struct logdir_settings *s,
               const struct timespec *now, bool age_too, unsigned char *doomed);

/* Starts the helper when there is something for it: plain archives to compress, or previous to
 * process. */
void helper_start(struct logdir *d);

/* previous is waiting for its processor, or being processed. */
bool helper_has_previous(const struct logdir *d);

#endif
