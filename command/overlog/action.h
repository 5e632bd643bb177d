/* Bringing services up and down, waiting, and saying what becomes of each. */
#ifndef COMMAND_OVERLOG_ACTION_H
#define COMMAND_OVERLOG_ACTION_H

#include "command/overlog/outcome.h"
#include <stdbool.h>
#include <stdint.h>

struct action {
    const char *run;          /* "/run" */
    struct services services; /* its status is read again and again */
    struct status first;      /* the status at the beginning, in which the texts of targets are */
    struct targets targets;
    uint64_t timeout; /* ms that a wait may take */
    int code;         /* the worst exit code so far */
    bool failed;      /* in the last wait a service did not come to where it should */
};

/* Reads how things are and finds the targets: target.h. 0, or the exit code after saying what is
 * wrong. The caller releases a in both cases. */
int action_open(struct action *a, const char *run, char *const *names, int also);
void action_release(struct action *a);

/* Bring the targets from number `from` to `to` - 1 up or down and say what became of each. quiet:
 * only of those that failed. letters: not by s6-rc, which knows nothing of it and leaves those be
 * that need them. a->failed and a->code say how it went. */
void action_up(struct action *a, size_t from, size_t to);
void action_down(struct action *a, size_t from, size_t to, bool letters, bool quiet);

/* Keeps the worst exit code. */
void action_worse(struct action *a, int code);
/* Reads the status again. -1 after saying why not. */
int action_refresh(struct action *a);
/* The target as it is now; NULL: it is gone. */
const struct status_row *action_now(const struct action *a, const struct target *t);
/* Prints the last lines that the service has logged within so many ms; nothing when there are none.
 */
void action_print_log(const struct status_row *r, long long ms);
/* Writes a letter of supervise/control, as s6-svc does. 0, or the exit code after saying why not:
 * EXIT_USAGE without the right to do that. */
int action_letter(const struct action *a, const struct target *t, char letter);
/* Asks s6-rc: its options, verb, and the targets that it has from `from` to `to` - 1. Waits
 * for the answer: its exit code; 0 for no such target. */
int action_request(const struct action *a, const char *options, const char *verb, size_t from,
                   size_t to);

#endif
