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

#define STR_INIT ((struct str){.data = NULL})

/* Takes memory for that many more bytes. */
int str_reserve(struct str *s, size_t extra);
/* Append bytes, a text without its NUL, one byte, or a formatted text. */
int str_add(struct str *s, const void *bytes, size_t length);
int str_add_text(struct str *s, const char *text);
int str_add_char(struct str *s, char c);
int str_printf(struct str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Empties the string and keeps its memory. */
void str_clear(struct str *s);
/* Frees its memory; the string is as STR_INIT then. Keeps errno, as free does (POSIX 2024, musl
 * 1.2.3, glibc 2.33). */
void str_release(struct str *s);

/* Writes text to out, of that size, as one word of a line: a blank becomes \040, a backslash \134,
 * a newline a blank. What has no room is left out. Returns the length without the NUL. */
size_t word_escape(char *out, size_t size, const char *text);

/* A list of owned strings that is an argv: item[count] is always NULL once anything was added. */
struct words {
    char **item;
    size_t count;
    size_t capacity;
};

#define WORDS_INIT ((struct words){.item = NULL})

/* Append a copy of the text, or of its first n bytes. 0, or -1: no memory. */
int words_add(struct words *w, const char *text);
int words_add_bytes(struct words *w, const char *text, size_t n);
/* Appends the parts of the text between any of these characters. 0, or -1: no memory. */
int words_split(struct words *w, const char *text, const char *separators);
/* Append copies of all words of another list. 0, or -1: no memory. */
int words_copy(struct words *w, const struct words *from);
/* Whether one of the words is that text: 1 or 0. */
int words_has(const struct words *w, const char *text);
/* Sorts bytewise. */
void words_sort(struct words *w);
/* Frees the words and the list, which is as WORDS_INIT then. Keeps errno. */
void words_release(struct words *w);

/* Makes room for one more in a list of count items, room of which have memory: list and room, a
 * pointer and a size_t that can be assigned to, may change. 0, or -1: no memory; nothing has. */
#define LIST_ROOM(list, count, room) list_grow((void *)&(list), (count), &(room), sizeof *(list))
int list_grow(void *list, size_t count, size_t *room, size_t size);

/* Whether the text is one of the list, which NULL ends. */
int is_among(const char *text, const char *const *list);
/* The part of a path behind its last slash. */
const char *path_name(const char *path);

/* Reads a decimal number of at most max: digits alone, the whole text. 0, or -1. */
int number_parse(const char *text, unsigned long long max, unsigned long long *value);

#endif
