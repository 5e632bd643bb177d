/* What the commands about service directories share (svc.c). Each says what went wrong. */
#ifndef COMMAND_S6_SERVICE_H
#define COMMAND_S6_SERVICE_H

#include "base/command.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXIT_UNSUPERVISED = 1, EXIT_NOT_LISTENING = 102 };

/* Whether supervise/lock is held. */
bool service_is_supervised(const char *service);

/* Writes letters to a control fifo. 0; not_listening when nobody reads it; absent when there is
 * none; else 111. what: the name of the service or folder in messages. */
int service_send(const char *fifo, const char *what, const char *letters, size_t count, int absent,
                 int not_listening);

/* Reads notification-fd of the service in whose directory we are. 0, or -1 after saying what is
 * wrong. */
int service_notification_fd(uint64_t *fd);

/* A wait for services. */
struct wait {
    char **services;
    size_t count;
    char want; /* of u U d D r R */
    bool any;
    uint64_t ms; /* 0: for ever */
    const char *letters;
    size_t letter_count;
    char *const *program; /* started after the subscription; NULL or empty: none */
};

/* Subscribes, sends or starts, waits: the exit code of s6-svwait. */
int service_wait(const struct wait *w);

#endif
