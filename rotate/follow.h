/* Second names for collectors (the directive F): the directory LOGDIR_FOLLOW in a log directory
 * links each plain file, "@TAI64N.log", from before its first line until it is compressed or
 * deleted. Rotation does not touch these names, so a program that knows files by their names or
 * looks seldom reads each file once. TAI64N is the time at which the file became current.
 *
 * A name whose file has no other one is left over. Whoever deletes archives sweeps: the links alone
 * say what is to go, so a kill at any moment costs nothing. */
#ifndef ROTATE_FOLLOW_H
#define ROTATE_FOLLOW_H

#include "rotate/logdir.h"
#include <sys/stat.h>

#define LOGDIR_FOLLOW "follow"

/* Gives the directory the mode of the log directory, and sweeps; where the settings do not ask for
 * it, removes what an earlier start made. */
void follow_open(struct logdir *d);

/* Gives current, which fstat described in *s, its second name unless it has one. A failure is
 * warned of, and tried again by follow_tend. */
void follow_current(struct logdir *d, const struct stat *s);

/* Names current if that failed before, and sweeps. To be called when archives were deleted. */
void follow_tend(struct logdir *d);

/* Whether a file, which fstat described in *s, has no name but one that is left over, or none. */
bool follow_is_deleted(int directory, const struct stat *s);

/* Removes left-over names, if this log directory has any. Failures are left to the next sweep. */
void follow_sweep(int directory);

#endif
