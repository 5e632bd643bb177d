/* /run as images expect it: made before anything is started, by spec/overlay.md sections 2, 5,
 * 8, 10. Nothing executable is put there: links point to the installed program. */
#ifndef OVERLAY_RUNTREE_H
#define OVERLAY_RUNTREE_H

#include "base/error.h"
#include <stdbool.h>

/* PATH with /bin, /usr/bin and /command put in front where absent; set in our environment. */
int runtree_complete_path(struct error *e);

/* Removes what an earlier run left, makes the directories, the exit code file (0), the
 * commands under /run/s6/basedir/bin, workdir; and the container environment, which with keep_env
 * goes to RUN_BASE_ENVIRONMENT, else that is an empty folder.
 * program_dir is where the commands are installed ("/command"). */
int runtree_prepare(const char *workdir, const char *program_dir, bool keep_env, struct error *e);

#endif
