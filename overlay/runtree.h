/* Makes /run as images expect it, before anything is started (spec/overlay.md sections 2, 5, 8 and
 * 10). No program is copied there: links point to the installed one. */
#ifndef OVERLAY_RUNTREE_H
#define OVERLAY_RUNTREE_H

#include "base/error.h"
#include "overlay/settings.h"

/* Puts /bin, /usr/bin and /command in front of PATH in our environment, where absent. 0, or -1 with
 * e. */
int runtree_complete_path(struct error *e);

/* 0, or -1 with e: another process supervises /run/service, and what is in /run is in use. Warns
 * where that is one of another container, with which we share /run. */
int runtree_check_free(struct error *e);

/* Removes the files of an earlier run, and makes the directories, the exit code file (0), the
 * commands under /run/s6/basedir/bin, workdir, the container environment and the services of ours
 * that are asked for. With keep_env the environment goes to RUN_BASE_ENVIRONMENT alone, else
 * RUN_BASE_ENVIRONMENT is an empty folder. program_dir: the directory where the commands are
 * installed ("/command"). 0, or -1 with e. */
int runtree_prepare(const char *workdir, const char *program_dir, const struct settings *s,
                    struct error *e);

#endif
