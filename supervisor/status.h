/* The status file, RUN_STATUS (docs/control.md): how the container and each service is, for anybody
 * who may read it. Pid 1 changes it in place; a reader that meets a change half done sees it by the
 * digest and reads again. Pure: bytes in, bytes out. */
#ifndef SUPERVISOR_STATUS_H
#define SUPERVISOR_STATUS_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STATUS_VERSION = 1, STATUS_HEADER = 96, STATUS_RECORD = 64, STATUS_WHY = 512 };

enum status_stage {
    STATUS_HOOK = 0,
    STATUS_STARTING,
    STATUS_RUNNING,
    STATUS_STOPPING,
    STATUS_STAGES
};
enum status_type { STATUS_LONGRUN = 0, STATUS_ONESHOT, STATUS_TYPES };
enum status_state {
    SERVICE_IS_DOWN = 0,
    SERVICE_IS_WAITING, /* to be started again */
    SERVICE_IS_STARTING,
    SERVICE_IS_UP,
    SERVICE_IS_STOPPING,
    SERVICE_IS_FINISHING,
    SERVICE_IS_FAILED,
    SERVICE_IS_STATES
};

/* "hook", "longrun", "waiting" and so on. */
extern const char *const status_stages[STATUS_STAGES];
extern const char *const status_types[STATUS_TYPES];
extern const char *const status_states[SERVICE_IS_STATES];

/* Times are monotonic ns, 0: none. */
struct status_container {
    const char *release; /* of this program */
    enum status_stage stage;
    int32_t pid, cmd; /* 0: there is none */
    int64_t began;
    uint32_t generation; /* one more in each file that takes the place of another */
    bool replaced;       /* another file has taken the place of this one */
};

struct status_service {
    const char *name;
    const char *log; /* its directory; NULL: none */
    const char *why; /* it cannot be executed, or has failed; NULL: nothing to say */
    enum status_type type;
    enum status_state state;
    bool wanted, ready;
    bool oom, core; /* of the last end: killed by the kernel for lack of memory; with a dump */
    int32_t pid;    /* 0: there is none */
    int32_t starts; /* -1: not counted */
    int32_t code, signal; /* of the last end; -1: not ended so */
    int64_t since, ready_at, died_at;
};

/* --- writing: the bytes of the whole file ----------------------------------------------------- */

struct status_image {
    char *bytes;
    size_t size;
};

/* Makes the bytes for these. -1: no memory, or more than fits, and nothing is kept. */
int status_image_make(struct status_image *m, const struct status_container *c,
                      const struct status_service *s, uint32_t count);
void status_image_release(struct status_image *m);
/* How one is now; name and log are as they were. 1: changed, 0: the same, -1: the same but for why,
 * which there is no memory for. New bytes may be at the end then. */
int status_image_set(struct status_image *m, uint32_t index, const struct status_service *s);
/* The same for the container. */
int status_image_head(struct status_image *m, const struct status_container *c);
/* Where the bytes of a record, and of its why, are: [0] and [1] of at and length; 0 for none. */
void status_image_find(const struct status_image *m, uint32_t index, size_t at[2],
                       size_t length[2]);

/* --- reading ---------------------------------------------------------------------------------- */

enum status_verdict { STATUS_GOOD = 0, STATUS_TORN, STATUS_BAD };

/* TORN: it was being changed, read it again. BAD: it is no such file; e says what is wrong. */
enum status_verdict status_check(const char *bytes, size_t length, struct error *e);
/* Of bytes that are good, which the texts point into. */
uint32_t status_count(const char *bytes);
void status_container(const char *bytes, struct status_container *c);
void status_service(const char *bytes, uint32_t index, struct status_service *s);

/* The digest that such bytes must have; of any bytes, for tests. */
uint64_t status_digest(const char *bytes, size_t length);

#endif
