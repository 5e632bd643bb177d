/* Bytes in, lines out: the splitter. A newline or a NUL ends a line; a line longer than the limit
 * comes in pieces, and so does one that is cut. Pure.
 *
 * 1. lines_room, put bytes there, lines_added; 2. lines_next until it says false, what it gives
 * being valid until the next lines_room; 3. again. What stays is a begun line, at most limit bytes.
 * A zeroed struct with its limit set is empty; lines_release when done.
 */
#ifndef LOGGER_LINE_H
#define LOGGER_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum { LINE_LIMIT = 8192 };

struct lines {
    char *data;
    size_t start;   /* of what lines_next did not give yet */
    size_t end;     /* of what was added */
    size_t scanned; /* bytes from start known to hold no line end */
    size_t cut;     /* in data: a piece ends there, though its line goes on; 0: none does */
    size_t shown;   /* a second reader's place in data, between start and end: the console's */
    size_t capacity;
    size_t limit; /* 0: none */
    bool inside;  /* a piece of the line at start was given */
    bool is_text; /* pieces end where a character of UTF-8 ends */
};

struct line {
    const char *bytes;
    size_t length; /* without the line end */
    bool first;    /* the line begins with this piece */
    bool last;     /* and ends with it */
};

/* Where at least want bytes can be put, until the next call; NULL: no memory. */
char *lines_room(struct lines *l, size_t want);
/* n bytes were put there. */
void lines_added(struct lines *l, size_t n);

/* The next line, or piece of one that is over the limit; false: more bytes are needed. */
bool lines_next(struct lines *l, struct line *line);

/* Has lines_next give what there is of a begun line, as a piece. False: there is nothing, or not a
 * whole character. */
bool lines_cut(struct lines *l);

/* Ends a begun line, as if a newline had come. 0, or -1: no memory. */
int lines_end(struct lines *l);

/* Whether the last byte added did not end a line. */
bool lines_begun(const struct lines *l);

/* Frees the memory if no byte is left in it. */
void lines_shrink(struct lines *l);
/* Frees the memory; l is as when zeroed. */
void lines_release(struct lines *l);

/* The place of the first newline or NUL in bytes; length: there is none. */
size_t line_end_in(const char *bytes, size_t length);
/* How many bytes there are up to and with the last newline or NUL; 0: there is none. */
size_t line_ends_at(const char *bytes, size_t length);

#endif
