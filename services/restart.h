/* The file restart of a longrun: whether it starts again after it ended, when it is given up, and
 * what becomes of the container then. One line:
 *
 *   always | on-failure | never [, ok CODE|SIGNAL...] [, N in TIME] [, wait MIN..MAX]
 *                               [, then stay | exit | CODE]
 *
 *   always      it starts again; ends that ok lists do not count as deaths
 *   on-failure  exit 0, and what ok lists, is a clean end: it stays down, and has not failed
 *   never       the same, and any other end is a failure for good
 *   N in TIME   more than N deaths within TIME are a failure for good, as exit 125 of finish is
 *   wait        ms before each start: MIN, then twice as much each time up to MAX; MIN again once
 *               an instance has lived for MAX
 *   then        what a failure for good means: nothing (stay), or the end of the container, with
 *               the code of the last death or with CODE
 *
 * Without the file a service is run as upstream runs it. All here is pure: the machine
 * (services/machine.h) asks, and times are parameters.
 */
#ifndef SERVICES_RESTART_H
#define SERVICES_RESTART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum restart_when { RESTART_AS_UPSTREAM = 0, RESTART_ALWAYS, RESTART_ON_FAILURE, RESTART_NEVER };
enum restart_then { RESTART_STAY = 0, RESTART_EXIT, RESTART_CODE };

enum {
    RESTART_DEATHS_MAX = 100,        /* N at most */
    RESTART_TIME_MAX = 7 * 86400000, /* ms: TIME, MIN and MAX at most */
    RESTART_LINE_MAX = 256           /* bytes of the line, with a NUL */
};

/* Owns nothing; all zero: there is no file. */
struct restart_policy {
    enum restart_when when;
    enum restart_then then;
    uint32_t code;      /* of RESTART_CODE */
    uint32_t deaths;    /* N */
    uint32_t within;    /* ms; 0: it is not given up for the number of its deaths */
    uint32_t wait_min;  /* ms; 0: as upstream, and then so is wait_max */
    uint32_t wait_max;  /* ms */
    uint32_t ok[8];     /* exit codes that ok lists: bit CODE % 32 of CODE / 32 */
    uint32_t killed[2]; /* signals that ok lists: bit SIGNAL - 1, the same way */
};

/* What is wrong in a line. */
struct restart_mistake {
    char text[RESTART_LINE_MAX + 64];
    const char *cure; /* what to do about it */
};

/* Reads a line of key_line. 0; -1 with m, and p is as without a file. */
int restart_parse(const char *line, struct restart_policy *p, struct restart_mistake *m);
/* Writes the line of a policy, which restart_parse reads again: "" without a file. It is cut where
 * size ends; returns the length that it needs, without the NUL. */
size_t restart_format(const struct restart_policy *p, char *out, size_t size);
bool restart_same(const struct restart_policy *a, const struct restart_policy *b);
/* Whether an end, as from waitpid, is one that is no failure by this policy; none is without one.
 */
bool restart_is_clean(const struct restart_policy *p, int wait_status);

/* --- the tally of one service ----------------------------------------------------------------- */

/* What a policy says of an end. */
enum restart_verdict {
    RESTART_AGAIN = 0, /* it starts again */
    RESTART_CLEAN,     /* it stays down, and has not failed */
    RESTART_GIVE_UP    /* it has failed for good */
};

/* An instance that lives for less is one turn of a loop. */
enum { RESTART_LOOP_LIFE = 60000 /* ms */, RESTART_LOOP_FIRST = 3 };

/* Deaths since the service was last asked for. Owns nothing; all zero is a clean one. */
struct restart_tally {
    uint32_t death[RESTART_DEATHS_MAX + 1]; /* ms of a clock that wraps: those within TIME of the
                                               last one, the oldest first; by never the last */
    uint32_t count;
    uint32_t wait;   /* ms that the last start was waited for, 0 none */
    uint32_t streak; /* deaths in a row of instances that did not live long */
    bool loops;      /* the last death is one of those that are said of a loop: the third, and then
                        at twice the number each time */
    int64_t last;    /* monotonic ns of the last death that counts */
    int64_t since;   /* monotonic ns of the first of streak */
};

/* An instance ended after having lived for so long. wait_status as from waitpid. Times in monotonic
 * ns. */
enum restart_verdict restart_died(struct restart_tally *t, const struct restart_policy *p,
                                  int wait_status, int64_t lived, int64_t now);
/* ns until the next start after that death, by a policy that has wait. */
int64_t restart_wait(const struct restart_tally *t);

#endif
