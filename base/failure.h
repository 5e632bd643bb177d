/* How commands fail: one sentence, one exit code. */
#ifndef BASE_FAILURE_H
#define BASE_FAILURE_H

/* Says a fatal message and returns code, for `return refuse(EXIT_USAGE, ...)`. */
int refuse(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Says "fatal: unable to VERB WHAT: strerror(errno)"; returns EXIT_SYSTEM. */
int fail(const char *verb, const char *what);
/* The same as a warning, for a command that goes on. */
int complain(const char *verb, const char *what);

#endif
