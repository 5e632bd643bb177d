/* Extended regular expressions over log lines, as regexec of the C library finds them. Most lines
 * do not match: words of which every match must contain one, one for each alternative, are looked
 * for first, and the expression itself only where one is found. An expression that C libraries read
 * differently has no such words. */
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
    unsigned char skip[256]; /* how far to go on from a byte at the word's end */
};

struct pattern {
    struct pattern_word word[PATTERN_WORDS];
    size_t count;  /* 0: there are no such words */
    bool fold;     /* case does not matter */
    bool literal;  /* the only word is all that is asked */
    regex_t regex; /* unless literal */
};

/* An error has code EXIT_USAGE. */
int pattern_open(struct pattern *p, const char *text, bool ignore_case, struct error *e);
void pattern_close(struct pattern *p);

/* False: there is certainly no match. */
bool pattern_may(const struct pattern *p, const char *text, size_t length);

struct pattern_place {
    size_t begin, end;
};

/* Whether text[0] to text[length - 1] has a match; text[length] is NUL. place (may be NULL): where
 * the first one is. */
bool pattern_find(const struct pattern *p, const char *text, size_t length,
                  struct pattern_place *place);

#endif
