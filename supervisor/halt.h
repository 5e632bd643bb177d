/* halt, poweroff, reboot and shutdown: asked for on the control socket, at once or for later. */
#ifndef SUPERVISOR_HALT_H
#define SUPERVISOR_HALT_H

#include "supervisor/control.h"
#include "supervisor/pid1.h"

struct halt {
    struct pid1 *pid1;
    struct timer due; /* set while one is scheduled; then comes the notice HALT */
    enum final_act final;
    uint32_t grace; /* ms: S6_KILL_GRACETIME, or what shutdown -t said */
};

/* Exit code for the caller, which gets it before the stop begins. */
int halt_request(struct halt *h, struct control_connection *from, const char *const *words,
                 size_t count);

#endif
