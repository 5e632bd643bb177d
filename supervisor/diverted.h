/* Signals to pid 1 that a script of the scan directory takes over: .s6-svscan/SIGTERM and so on. */
#ifndef SUPERVISOR_DIVERTED_H
#define SUPERVISOR_DIVERTED_H

#include "supervisor/pid1.h"

struct diverted {
    struct pid1 *pid1;
    unsigned int running; /* scripts whose end is looked at */
};

/* True: a script was begun in the place of what the signal does. */
bool diverted_begin(struct diverted *d, int signal);
/* Such a script has ended, with that raw wait status. True: it could not be executed, which is
 * said; what the signal does is to be done. */
bool diverted_failed(struct diverted *d, int signal, int status);

#endif
