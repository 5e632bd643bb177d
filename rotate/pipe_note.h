/* Keeps `logcat -f` from following its own output: a service that runs logcat has that output
 * logged, which logcat would show again, and so on for ever.
 *
 * A logger writes the names of the pipes that it reads into the file "pipes" of its log directory
 * (LOGDIR_NOTE), readable for whoever may read the lines. */
#ifndef ROTATE_PIPE_NOTE_H
#define ROTATE_PIPE_NOTE_H

#include <stdbool.h>
#include <stddef.h>

enum { PIPE_NOTE_MAX = 64 };

/* Makes the note of a logger that reads these descriptors: "pipe:[123] pipe:[124] ". Descriptors
 * that are no pipes are left out. */
void pipe_note_make(char note[PIPE_NOTE_MAX], const int *fds, size_t count);

/* Whether a note of pipe_note_make names the pipe with that inode number. Pure. */
bool pipe_note_is_noted(const char *note, unsigned long long inode);

/* Whether the logger at work in the log directory path reads the pipe that is our standard output.
 * If so, warns, once per process, that the service name is left out. */
bool pipe_note_leave_out(const char *name, const char *path);

#endif
