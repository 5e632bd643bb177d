/* Whether there are descriptors enough for all services: said before anything is started. */
#ifndef SUPERVISOR_DESCRIPTORS_H
#define SUPERVISOR_DESCRIPTORS_H

#include "services/keys.h"
#include "supervisor/catalogue.h"
#include "supervisor/logging.h"

/* At most this many children may be between fork and exec; each holds one or two of our
 * descriptors. */
enum { EXECS_PENDING_MAX = 256 };

/* Raises our limit if it may, and says in g whether there are plenty. -1 with e: there are too few
 * for all of c. */
int descriptors_suffice(const struct catalogue *c, struct logging *g, struct error *e);
/* -1 with e for a number of a descriptor that no process here can have, which is better said than
 * found out by dup2. */
int descriptors_exist(const struct service_keys *keys, struct error *e);

#endif
