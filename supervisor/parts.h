/* All of pid 1: its parts, and who knows whom. Private to supervisor.c, which decides what follows
 * from what a part reports, and boot.c, which fills them; every other file knows the parts that it
 * is given, and none that gave it anything. */
#ifndef SUPERVISOR_PARTS_H
#define SUPERVISOR_PARTS_H

#include "supervisor/cmd.h"
#include "supervisor/diverted.h"
#include "supervisor/former.h"
#include "supervisor/halt.h"
#include "supervisor/hook.h"
#include "supervisor/status_file.h"
#include "supervisor/stop.h"
#include "supervisor/supervisor.h"
#include "supervisor/waits.h"

struct supervisor {
    struct pid1 pid1;
    struct logging logging;
    struct catalogue catalogue;
    struct longruns longruns;
    struct oneshots oneshots;
    struct tail tail;
    struct engine engine;
    struct resume resume;
    struct scandir scandir;
    struct control control;
    struct retry close_again; /* connections that could not be closed */
    struct rc rc;
    struct cmd cmd;
    struct hook hook;
    struct halt halt;
    struct diverted diverted;
    struct stop stop;
    struct status_file status;
    struct waits waits;
    script_check *check_script;
    struct timer reap_more;
    size_t many_children; /* so many that they are not looked at for each death */
    bool stop_asked;      /* by a signal: another one means hurry */
};

/* --- supervisor.c ---------------------------------------------------------------------------- */

/* Fills sv, which is all zero, up to the first turn. False: it has failed, which is said, and code
 * is the exit code; there is nothing to wait for. */
bool supervisor_begin(struct supervisor *sv, const struct supervisor_start *start,
                      const struct pid1_calls *calls, int *code);
/* Does what is due after the handlers of a turn, and, wait permitting, one turn more. False: all
 * is over. */
bool supervisor_turn(struct supervisor *sv);

/* --- boot.c ---------------------------------------------------------------------------------- */

/* Fills the parts, which know each other then. -1 with e. */
int boot_parts(struct supervisor *sv, const struct supervisor_start *start, struct error *e);
/* Loggers, scan directory, and the hook or, without one, the services. control is open. -1 with e.
 */
int boot_begin(struct supervisor *sv, struct error *e);
/* The hook has ended. */
void boot_hook_reaped(struct supervisor *sv, int status);
/* The services of the boot are up, or not: CMD starts, or the stop begins. */
void boot_services_over(struct supervisor *sv, enum transition_result result);

#endif
