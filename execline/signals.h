/* Signals by name. */
#ifndef EXECLINE_SIGNALS_H
#define EXECLINE_SIGNALS_H

enum { SIGNAL_COUNT = 32 };

/* "TERM", "SIGTERM" in any case, or "15": 1 to SIGNAL_COUNT - 1; -1 for any other word. */
int signal_number(const char *name);

#endif
