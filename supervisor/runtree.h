/* /run as images expect it: made before anything is started, by spec/overlay.md sections 2, 5,
 * 8, 10. Nothing executable is put there: links point to the installed program. */
#ifndef SUPERVISOR_RUNTREE_H
#define SUPERVISOR_RUNTREE_H

#include "base/error.h"
#include <stdbool.h>

#define RUN_ENVIRONMENT "/run/s6/container_environment"
/* The same for what runs under s6-linux-init; with S6_KEEP_ENV the only one that holds anything. */
#define RUN_BASE_ENVIRONMENT "/run/s6/basedir/env"
#define RUN_EXITCODE "/run/s6-linux-init-container-results/exitcode"
#define RUN_CONTROL "/run/s6/control"
/* How everything is, for who may not ask. */
#define RUN_STATUS "/run/s6/status"
#define RUN_SCANDIR "/run/service"
#define RUN_LEGACY "/run/s6/legacy-services"
#define RUN_CMDPID "/run/s6/cmdpid"
/* Held locked by pid 1; every supervise/lock is another name of it. */
#define RUN_LOCK RUN_SCANDIR "/.s6-svscan/lock"
#define RUN_RC "/run/s6-rc"
/* Leads to the database that runs. */
#define RUN_COMPILED RUN_RC "/compiled"
#define RUN_SERVICEDIRS RUN_RC "/servicedirs"
#define RUN_ONESHOTS RUN_SERVICEDIRS "/s6rc-oneshot-runner"
#define RUN_UNCAUGHT "/run/uncaught-logs"

/* PATH with /bin, /usr/bin and /command put in front where absent; set in our environment. */
int runtree_complete_path(struct error *e);

/* Removes what an earlier run left, makes the directories, the exit code file (0), the
 * commands under /run/s6/basedir/bin, workdir; and the container environment, which with keep_env
 * goes to RUN_BASE_ENVIRONMENT, else that is an empty folder.
 * program_dir is where the commands are installed ("/command"). */
int runtree_prepare(const char *workdir, const char *program_dir, bool keep_env, struct error *e);

/* What the container environment says of a variable now, with getenv's shape: the file of that
 * name, or our own environment where S6_KEEP_ENV keeps it. The text is for good. */
char *runtree_variable(const char *name);

/* The exit code that the file holds: first line, blanks dropped; empty or missing 0, not a number
 * 100, else modulo 256. */
int runtree_exit_code(void);
void runtree_set_exit_code(int code);

/* Pure: the same for a file's content. */
int exit_code_parse(const char *text);

#endif
