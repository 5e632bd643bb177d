/* Extended regular expressions over log lines, with the results of the C library's regexec. Most
 * lines do not match, so a pattern has words, one for each alternative, of which every match
 * contains one: they are searched for first, and the expression only where one is found. An
 * expression that C libraries read differently has no words.
 *
 * Where the locale is one of UTF-8, characters are those of UTF-8, and a byte that is none is a
 * character of its own: without that, the library finds nothing in its line. */
#ifndef LOGCAT_PATTERN_H
#define LOGCAT_PATTERN_H

#include "base/error.h"
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

enum { PATTERN_WORD_MAX = 64, PATTERN_WORDS = 8 };

struct pattern_word {
    unsigned char text[PATTERN_WORD_MAX]; /* in small letters when fold */
    size_t length;
    unsigned char skip[256]; /* by the byte under the word's end: bytes to move on */
};

struct pattern {
    struct pattern_word word[PATTERN_WORDS];
    size_t count;  /* of words; 0: the expression has none */
    bool fold;     /* case does not matter */
    bool literal;  /* the expression is its only word */
    regex_t regex; /* unless literal */
};

/* Compiles an expression. 0 and *p, which the caller closes, or -1 with e of code EXIT_USAGE. */
int pattern_open(struct pattern *p, const char *text, bool ignore_case, struct error *e);
void pattern_close(struct pattern *p);

/* False: the text certainly has no match. Cheap. */
bool pattern_may(const struct pattern *p, const char *text, size_t length);

struct pattern_place {
    size_t begin, end; /* offsets in bytes */
};

/* Whether text, of length bytes and a NUL behind them, has a match. place (may be NULL) gets the
 * first one. */
bool pattern_find(const struct pattern *p, const char *text, size_t length,
                  struct pattern_place *place);

/* The same for the first match that begins at `from` or behind and is not empty. `^` is the
 * beginning of text, not of what is searched. */
bool pattern_find_behind(const struct pattern *p, const char *text, size_t length, size_t from,
                         struct pattern_place *place);

#endif
