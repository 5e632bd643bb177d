/* What the commands about service directories share (svc.c). Each says what went wrong. */
#ifndef COMMAND_S6_SERVICE_H
#define COMMAND_S6_SERVICE_H

#include "base/command.h"
#include <stdbool.h>
#include <stddef.h>

enum { EXIT_UNSUPERVISED = 1, EXIT_NOT_LISTENING = 102 };

/* Whether supervise/lock is held. */
bool service_is_supervised(const char *service);

/* Writes letters to a control fifo. 0; not_listening when nobody reads it; absent when there is
 * none; else 111. what: the name of the service or folder in messages. */
int service_send(const char *fifo, const char *what, const char *letters, size_t count, int absent,
                 int not_listening);

/* The descriptor where readiness is told: what -3 says, or else notification-fd of the service in
 * whose directory we are. It is open. 0, or EXIT_USAGE after saying what is wrong. */
int service_notification_fd(const struct invocation *c, int *fd);

/* Options by which a command says what it waits for. */
#define WAIT_STATES                                                                                \
    "-u     until it is up (the default)\n"                                                        \
    "-U     until it is up and ready\n"                                                            \
    "-d     until it is down\n"                                                                    \
    "-D     until it is down and ready to be started\n"                                            \
    "-r     until it is started again\n"                                                           \
    "-R     until it is started again and ready\n"
#define WAIT_OF "-a     wait for all of them (the default)\n-o     wait for one of them\n"
#define WAIT_TIME "-t ms  wait no longer than that (0: for ever)\n"

/* Subscribes to the events of services, starts program (NULL or empty: none), and waits for what
 * the options that were read ask for: the exit code of s6-svwait. */
int service_wait_given(const struct invocation *c, char **services, size_t count, char **program);

#endif
