/* Time stamps of log lines: written by the logger, read back by logcat and the archive index.
 * Forms: spec/s6-log.md section 3 and DESIGN.md's U and C. Pure. */
#ifndef LOGGER_STAMP_H
#define LOGGER_STAMP_H

#include <stddef.h>
#include <time.h>

enum stamp_form {
    STAMP_NONE = 0,
    STAMP_TAI64N = 1, /* t  "@4000... " */
    STAMP_LOCAL = 2,  /* T  "YYYY-MM-DD HH:MM:SS.nnnnnnnnn  " */
    STAMP_UTC = 4,    /* U  "YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ " */
    STAMP_CRI = 8     /* C  "YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ stdout F " */
};

enum stamp_stream { STREAM_UNKNOWN = 0, STREAM_OUT = 1, STREAM_ERR = 2 };

enum { STAMP_MAX = 128 };

/* Writes the stamps asked for (a set of forms, in the order t T U C) and returns their length.
 * partial: a piece of a split line (CRI "P"). */
size_t stamp_format(char out[STAMP_MAX], unsigned int forms, const struct timespec *t,
                    enum stamp_stream stream, int partial);

struct stamp {
    struct timespec time;
    enum stamp_form form; /* the first stamp found; STAMP_NONE: none */
    enum stamp_stream stream;
    int partial;
    size_t length; /* bytes of all stamps: the message begins there */
};

/* Reads the stamps at the beginning of a line. Returns 0 when there is one, -1 when not. */
int stamp_parse(const char *line, size_t length, struct stamp *s);

/* Reads the time of the first stamp alone. 0, or -1: there is no stamp. */
int stamp_time(const char *line, size_t length, struct timespec *t);

/* The same, in the form that the index of archives takes (logdir_settings.stamp_of). */
int stamp_index(const char *line, size_t length, struct timespec *t);

#endif
