/* Pid 1: performs what the pure machines ask for. One process, one loop. */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include "overlay/settings.h"
#include "services/definition.h"
#include <stdbool.h>
#include <sys/resource.h>

struct supervisor_start {
    const struct settings *settings; /* taken over */
    const char *program;             /* this program, to be executed again */
    char **cmd;                      /* CMD and its arguments, NULL-terminated, maybe empty */
    bool guest;          /* the terminal and the machine are not ours: it ends with the terminal */
    const char *workdir; /* of CMD */
    script_check *check_script; /* of logging scripts: the logger's */
    struct rlimit nofile;       /* the limit of descriptors that children get */
};

/* The whole life of the container after /run was prepared; the exit code of pid 1. Everything that
 * start points to must outlive it. */
int supervisor_run(const struct supervisor_start *start);

#endif
