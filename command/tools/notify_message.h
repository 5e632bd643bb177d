/* What a program tells its supervisor by sd_notify: one datagram of lines "NAME=VALUE", and the
 * line that people are shown of it. Pure. */
#ifndef COMMAND_TOOLS_NOTIFY_MESSAGE_H
#define COMMAND_TOOLS_NOTIFY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    NOTIFY_MESSAGE_MAX = 4096, /* bytes of a datagram; a longer one counts for nothing */
    NOTIFY_STATUS_MAX = 512    /* bytes of the status, with its NUL */
};

enum notify_watchdog { NOTIFY_NO_SIGN, NOTIFY_ALIVE, NOTIFY_TRIGGER };

struct notify_message {
    bool ready, reloading, stopping; /* READY=1, RELOADING=1, STOPPING=1 */
    bool has_status;                 /* STATUS=, perhaps empty */
    enum notify_watchdog watchdog;   /* WATCHDOG=1 and WATCHDOG=trigger; the stronger one */
    char status[NOTIFY_STATUS_MAX];  /* cut between characters where it is longer */
};

/* Takes a datagram of any bytes apart. Lines that it does not know, and values that mean nothing,
 * are passed over; of several of a kind the last one counts. */
void notify_parse(struct notify_message *m, const char *bytes, size_t length);

/* How the service says it is. */
struct notify_state {
    bool reloading, stopping;
    char status[NOTIFY_STATUS_MAX];
};

/* Takes a message in. Whether the line for people has changed. */
bool notify_take(struct notify_state *s, const struct notify_message *m);
/* Writes that line, with its newline: "reloading: 17 of 30"; "" when there is nothing to say. Its
 * length. */
enum { NOTIFY_LINE_MAX = NOTIFY_STATUS_MAX + 32 };
size_t notify_line(const struct notify_state *s, char out[NOTIFY_LINE_MAX]);

#endif
