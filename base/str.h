/* A growable byte string. data is always NUL-terminated once anything was added, and may hold
 * NUL bytes itself; length does not count the terminator. STR_INIT is safe to release. Functions
 * that grow return -1 with errno ENOMEM and leave the string as it was.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stddef.h>

struct str {
    char *data;
    size_t length;
    size_t capacity;
};

#define STR_INIT                                                                                   \
    {                                                                                              \
        .data = NULL                                                                               \
    }

int str_reserve(struct str *s, size_t extra);
int str_add(struct str *s, const void *bytes, size_t length);
int str_add_text(struct str *s, const char *text);
int str_add_char(struct str *s, char c);
int str_printf(struct str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void str_clear(struct str *s); /* length 0, memory kept */
void str_release(struct str *s);

/* A list of owned strings that is an argv: item[count] is always NULL once anything was added. */
struct words {
    char **item;
    size_t count;
    size_t capacity;
};

#define WORDS_INIT                                                                                 \
    {                                                                                              \
        .item = NULL                                                                               \
    }

int words_add(struct words *w, const char *text);                 /* copies */
int words_add_bytes(struct words *w, const char *text, size_t n); /* copies n bytes, adds NUL */
int words_has(const struct words *w, const char *text);
void words_sort(struct words *w); /* bytewise */
void words_release(struct words *w);

/* A list of items of that size with room for one more, moved perhaps; *room grows. NULL: there is
 * no memory, and the list is as it was. */
void *list_room(void *list, size_t count, size_t *room, size_t size);

/* Decimal digits only, the whole text, at most max: 0, else -1. No sign, no blanks. */
int number_parse(const char *text, unsigned long long max, unsigned long long *value);

#endif
