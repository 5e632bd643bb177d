/* How the thin commands fail: one sentence, one exit code. */
#ifndef COMMAND_FAILURE_H
#define COMMAND_FAILURE_H

/* Says "fatal: unable to VERB WHAT: strerror(errno)"; returns EXIT_SYSTEM. */
int fail(const char *verb, const char *what);
/* The same as a warning, for a command that goes on. */
int complain(const char *verb, const char *what);

#endif
