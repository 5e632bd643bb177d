/* The process of a service that has a parent of its own (base/parent.h): we fork the parent, and
 * until its report tells the pid of the process there is nobody to send a signal to. Signals wait
 * that long. Pure. */
#ifndef SUPERVISOR_BIRTH_H
#define SUPERVISOR_BIRTH_H

#include <stdbool.h>
#include <sys/types.h>

enum { BIRTH_SIGNALS = 8 };

/* All zero: there is no parent. */
struct birth {
    pid_t parent;              /* 0: there is none, or none any more */
    bool awaited;              /* the pid is not known yet */
    int lack;                  /* errno why the process could not be forked; 0 */
    unsigned int held;         /* how many signals wait */
    int signal[BIRTH_SIGNALS]; /* the first first; negative: to the process group */
};

/* The parent was forked. */
void birth_begin(struct birth *b, pid_t parent);
/* Takes the signal, negative for one to the group, to be sent later; of too many the oldest but the
 * first are lost. False: the pid is known. */
bool birth_holds(struct birth *b, int signal);

#endif
