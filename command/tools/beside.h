/* A process of ours that works beside a service, as long as that lives: how a chain-loading command
 * starts one, and how that sees its service.
 *
 * It is no child of the service, which may not expect any, and in a session of its own, so that
 * signals to the service's process group do not reach it. It has descriptors 0 to 2, of which 0 is
 * /dev/null, and those that it is given from BESIDE_FD on. It ignores SIGPIPE. */
#ifndef COMMAND_TOOLS_BESIDE_H
#define COMMAND_TOOLS_BESIDE_H

#include "base/command.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/process.h"
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { BESIDE_FDS = 4, BESIDE_FD = 4 };

/* Executes the command of c again, as s says but for program, words and environment, with the
 * option -X and the service's pid in front. The service is the leader of our session: a supervisor
 * makes each run one, and we may be one command of a script. Waits until it is executed. 0, or the
 * exit code after saying what went wrong. */
int beside_execute(const struct invocation *c, struct process_spawn *s);
/* The same of such a process; fds, of which there are count at most BESIDE_FDS, become BESIDE_FD
 * and so on. */
int beside_start(const struct invocation *c, const int *fds, size_t count);

struct beside {
    struct loop loop;
    pid_t service;
    struct watch death;
    struct timer look;       /* where the kernel has no pidfd */
    unsigned long long born; /* of the service, as /proc says; 0: not known */
};

/* In that process: closes what is open beside its count descriptors, opens the loop and watches the
 * service, whose end stops the loop; handlers of the same turn may still be called. 0, or -1 with
 * e.
 */
int beside_open(struct beside *b, pid_t service, size_t count, struct error *e);

/* Whether the service has ended by now. */
bool beside_ended(const struct beside *b);

/* The letter by which /proc tells the state of the service's process ('T', 'Z', ...); 0: it does
 * not. */
char beside_state(struct beside *b);

/* The user that the service's process is now. False: it is not known. */
bool beside_user(const struct beside *b, uid_t *user);

/* The name of the service in whose directory we are: that of its link in /run/service, else the
 * last part of the path. 0, or -1 with e. */
int beside_name(char name[NAME_MAX + 1], struct error *e);

#endif
