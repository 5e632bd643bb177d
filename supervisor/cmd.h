/* CMD: the program that the container is run for, with the container's own descriptors and, if it
 * has one, its terminal. */
#ifndef SUPERVISOR_CMD_H
#define SUPERVISOR_CMD_H

#include "supervisor/logger.h"

struct cmd {
    struct pid1 *pid1;
    struct logger *logger;
    char **argv; /* CMD and its arguments as given, NULL-terminated, maybe empty */
    const char *workdir;
    struct words words; /* the same behind S6_CMD_ARG0; owned */
    pid_t pid;          /* 0: it does not run */
    int report;         /* -1, or that of its exec */
    struct retry retry;
};

/* Fills c; argv and workdir are kept. */
void cmd_init(struct cmd *c, struct pid1 *p, struct logger *l, char **argv, const char *workdir);
/* Makes its words, and its logger if it is to have one; before the mark. -1 with e. */
int cmd_prepare(struct cmd *c, struct error *e);
/* Starts it, if there is one. A notice CMD tells that it has ended, or cannot be run. */
void cmd_start(struct cmd *c);
void cmd_reaped(struct cmd *c, int status); /* raw wait status */
/* Whether the signal was CMD's: by S6_CMD_RECEIVE_SIGNALS. */
bool cmd_signal(const struct cmd *c, int signal);

/* Splits text at blanks, and each word that is a pattern of files becomes their names, if there are
 * any: what a shell makes of a variable without quotes. -1: no memory. Only before the mark. */
int cmd_expand(const char *text, struct words *out);

#endif
