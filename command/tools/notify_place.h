/* Where `notify` keeps what a service tells about itself: a directory under RUN_NOTIFY. `overlog
 * status` and livecheck read there. Pure. */
#ifndef COMMAND_TOOLS_NOTIFY_PLACE_H
#define COMMAND_TOOLS_NOTIFY_PLACE_H

#include <stddef.h>

/* Files there: the socket; one line for people, absent when there is nothing to say; and two that
 * are written anew with each WATCHDOG=1 and each WATCHDOG=trigger: the second kind must not be lost
 * behind the first. */
#define NOTIFY_SOCKET_FILE "socket"
#define NOTIFY_STATUS_FILE "status"
#define NOTIFY_WATCHDOG_FILE "watchdog"
#define NOTIFY_TRIGGER_FILE "trigger"

enum { NOTIFY_PATH_MAX = 108 /* bytes of a socket's path, with its NUL */ };

/* Writes the path of that file, or with NULL of the directory, for the service of that name, under
 * the root (RUN_NOTIFY, or where it is seen from outside). A name too long for a socket's path is
 * shortened, and told from others by a number. The path is cut where it is longer than size. */
void notify_place(char *out, size_t size, const char *root, const char *name, const char *file);

#endif
