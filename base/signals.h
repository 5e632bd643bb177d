/* Signals by name. */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

enum { SIGNAL_COUNT = 32, SIGNAL_LAST = 64 }; /* the latter with the signals for real time */

/* "TERM", "SIGTERM" in any case, or "15": 1 to max; -1 for any other word. */
int signal_number(const char *name, int max);
/* "TERM"; NULL for a number without a name. */
const char *signal_name(int number);
enum { SIGNAL_TEXT_MAX = 24 };
/* Writes "SIGTERM", or "signal 77" for a number without a name. */
void signal_text(int number, char out[SIGNAL_TEXT_MAX]);

#endif
