/* Service directories as pid 1 reads them: the files by which run and finish are run, each time
 * that they are needed (spec/supervise.md section 1), and what a directory that is none of s6-rc's
 * says of its logger. */
#ifndef SERVICES_SERVICEDIR_H
#define SERVICES_SERVICEDIR_H

#include "services/definition.h"
#include "services/supervise_format.h"

/* Reads the rows with KEY_LIVE of the service directory path into keys; the other values, and what
 * cannot be read for lack of descriptors or memory, stay as they are. A file that is not there or
 * holds nonsense counts as the usual value; the latter is said as a warning of service name, unless
 * that is NULL. A directory that is gone has no files. Never waits, takes no memory. */
void servicedir_read(struct service_keys *keys, const char *path, const char *name);

/* Reads the rows with KEY_SCANNED of path into d, a longrun whose other values the caller keeps.
 * Nonsense is said with its file and counts as if the file was not there. Never waits. */
void servicedir_define(struct definition *d, const char *path);

/* Reads supervise/status of the service directory path. 0, or -1 with e. Not for pid 1, which has
 * written it. */
int servicedir_status(const char *path, struct supervise_status *s, struct error *e);

#endif
