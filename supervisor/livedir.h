/* Live service directories: /run/s6-rc/servicedirs/NAME with what run and finish may use, linked as
 * /run/service/NAME (spec/s6-rc-source.md section 4.2, spec/supervise.md section 4). */
#ifndef SUPERVISOR_LIVEDIR_H
#define SUPERVISOR_LIVEDIR_H

#include "base/error.h"
#include "supervisor/definition.h"
#include "supervisor/service.h"
#include <stddef.h>
#include <time.h>

enum { STATUS_SIZE = 35 };

/* Makes the directory of a longrun, anew. */
int livedir_make(const struct definition *d, struct error *e);

/* The path of a service's live directory, cut when longer than size. */
void livedir_path(char *out, size_t size, const char *name);

/* When things happened, on the wall clock, for the status file. */
struct livedir_times {
    struct timespec changed; /* last up or down */
    struct timespec ready;
};

/* Pure: upstream's 35-byte status record. */
void livedir_status_pack(unsigned char out[STATUS_SIZE], const struct service *s,
                         const struct livedir_times *t);
/* Replaces supervise/status. */
int livedir_status_write(const char *name, const struct service *s, const struct livedir_times *t,
                         struct error *e);

#endif
