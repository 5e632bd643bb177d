/* Children that somebody has stopped and that we wait for: they go on. */
#ifndef SUPERVISOR_RESUME_H
#define SUPERVISOR_RESUME_H

#include "supervisor/longrun.h"

struct resume {
    struct pid1 *pid1;
    const struct longruns *longruns;
    struct timer timer;
};

/* That child was stopped. Not at once: who stops children again and again costs us no more. */
void resume_soon(struct resume *r, pid_t pid);
/* Some child of a parent of a service may have been stopped. */
void resume_later(struct resume *r);
/* All that are stopped and waited for go on now. */
void resume_all(struct resume *r);

#endif
