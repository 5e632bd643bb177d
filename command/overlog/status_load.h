/* Reads the status file of pid 1 (supervisor/status.h, docs/control.md). */
#ifndef COMMAND_OVERLOG_STATUS_LOAD_H
#define COMMAND_OVERLOG_STATUS_LOAD_H

#include "base/error.h"
#include "supervisor/status.h"
#include <stdbool.h>

/* The bytes of the status file at path, whole and kept by a pid 1 that lives: to be read by
 * status_count and the functions beside it, and freed by the caller. Waits a few seconds at most
 * while it changes. NULL with e. */
char *status_load(const char *path, struct error *e);
/* The service of that name in such bytes. False: there is none. */
bool status_load_service(const char *bytes, const char *name, struct status_service *s);

#endif
