/* Lines that belong to the stack trace before them although they are not indented: "Caused by:" of
 * Java, the exception at the end of Python's traces, the functions of Go, "#0" of PHP, what a
 * sanitizer reports. Pure.
 *
 * An exception below a line of a log that says of itself that it is an error belongs
 * to that line, and so do postgres' details of a statement.
 *
 * A machine is told each line of a source, and says whether it continues the line before it.
 * Indented lines, which continue anyway, are told as well. */
#ifndef LOGCAT_TRACE_H
#define LOGCAT_TRACE_H

#include <stdbool.h>
#include <stddef.h>

enum trace_state {
    TRACE_NONE,
    TRACE_FRAMES,   /* indented or numbered lines of some trace came last */
    TRACE_PYTHON,   /* below Python's "Traceback": the exception is to come */
    TRACE_CARET,    /* below a line of ^^^ that points at code: the exception is to come */
    TRACE_RAISED,   /* behind the exception: another one may follow it */
    TRACE_CHAINED,  /* what links two of them: the next trace follows */
    TRACE_GO,       /* a panic of Go, or a goroutine */
    TRACE_PANIC,    /* of Rust: its message is to come */
    TRACE_ERROR,    /* "Error: x": its cause may follow below an empty line */
    TRACE_SANITIZER /* in a report of a sanitizer */
};

enum { TRACE_BEFORE = 120 };

struct trace {
    enum trace_state state;
    const char *before; /* the first line of the entry; NULL: there is none */
    size_t length;      /* bytes of it that are looked at */
    char kept[TRACE_BEFORE];
};

/* Whether the next line continues an entry by its form. length bytes of message are read, and may
 * be read again by later calls, unless trace_keep is called before they go away. */
bool trace_continues(struct trace *t, const char *message, size_t length);
/* Copies what later calls need of lines told so far. */
void trace_keep(struct trace *t);
/* Too much time has passed, or lines were left out: the next line begins anew. */
void trace_reset(struct trace *t);

#endif
