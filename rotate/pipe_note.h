/* Not following what we write: a service that runs `logcat -f` has its output logged, too.
 *
 * A logger writes the pipes that it reads into the file pipes of its log directories, where whoever
 * may read the lines sees them. */
#ifndef ROTATE_PIPE_NOTE_H
#define ROTATE_PIPE_NOTE_H

#include <stdbool.h>
#include <stddef.h>

enum { PIPE_NOTE_MAX = 64 };

/* Makes the note of a logger that reads these descriptors: "pipe:[123] pipe:[124] ". Others than
 * pipes are left out. */
void pipe_note_make(char note[PIPE_NOTE_MAX], const int *fds, size_t count);

/* Whether a note of pipe_note_make names the pipe with that inode number. Pure. */
bool pipe_note_is_noted(const char *note, unsigned long long inode);

/* Whether a logger at work there reads what we write to standard output. Says (as a warning, once)
 * that the service is left out. */
bool pipe_note_leave_out(const char *name, const char *path);

#endif
