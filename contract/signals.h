/* The signals that pid 1 takes from engines and others. */
#ifndef CONTRACT_SIGNALS_H
#define CONTRACT_SIGNALS_H

#include <signal.h>

/* SIGRTMIN+3 of container engines and systemd, which count from 34 whatever our C library does. */
enum { SIGNAL_HALT = 37 };

/* All of them. They are blocked before anything can take long: pid 1 loses what it neither handles
 * nor blocks. */
#define PID1_SIGNALS                                                                               \
    {                                                                                              \
        SIGCHLD, SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGPWR, SIGHUP, SIGQUIT, SIGWINCH, SIGALRM,    \
            SIGABRT, SIGNAL_HALT                                                                   \
    }

#endif
