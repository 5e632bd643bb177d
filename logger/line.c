#include "logger/line.h"
#include "base/utf8.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Many bytes at once, in what the processor has for it. */
typedef unsigned char vector __attribute__((vector_size(16)));

enum { HALF = sizeof(uint64_t) };

/* The place in memory of the first byte of a word that is not zero. */
static size_t first_byte(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (size_t)__builtin_ctzll(word) / 8;
#else
    return (size_t)__builtin_clzll(word) / 8;
#endif
}

size_t line_end_in(const char *bytes, size_t length)
{
    size_t i = 0;
    for (; length - i >= sizeof(vector); i += sizeof(vector)) {
        vector x;
        uint64_t half[2];
        memcpy(&x, bytes + i, sizeof x);
        vector end = (vector)(x == '\n') | (vector)(x == 0);
        memcpy(half, &end, sizeof half);
        if ((half[0] | half[1]) != 0)
            return half[0] != 0 ? i + first_byte(half[0]) : i + HALF + first_byte(half[1]);
    }
    while (i < length && bytes[i] != '\n' && bytes[i] != '\0')
        i++;
    return i;
}

size_t line_ends_at(const char *bytes, size_t length)
{
    while (length > 0 && bytes[length - 1] != '\n' && bytes[length - 1] != '\0')
        length--;
    return length;
}

char *lines_room(struct lines *l, size_t want)
{
    if (l->capacity - l->end >= want)
        return l->data + l->end;
    if (l->start > 0) {
        memmove(l->data, l->data + l->start, l->end - l->start);
        l->end -= l->start;
        l->shown -= l->shown < l->start ? l->shown : l->start;
        l->cut -= l->cut < l->start ? l->cut : l->start;
        l->start = 0;
    }
    if (l->capacity - l->end < want) {
        size_t capacity = l->end + want;
        if (capacity < want)
            return NULL;
        if (capacity < 2 * l->end)
            capacity = 2 * l->end;
        char *data = realloc(l->data, capacity);
        if (data == NULL)
            return NULL;
        l->data = data;
        l->capacity = capacity;
    }
    return l->data + l->end;
}

void lines_added(struct lines *l, size_t n)
{
    l->end += n;
}

/* Gives length bytes from start; skip more are the line end. */
static bool give(struct lines *l, struct line *line, size_t length, size_t skip, bool last)
{
    *line = (struct line){
        .bytes = l->data + l->start, .length = length, .first = !l->inside, .last = last};
    l->start += length + skip;
    l->inside = !last;
    return true;
}

/* The next piece of length bytes, less what is torn of a character. */
static bool give_piece(struct lines *l, struct line *line, size_t length)
{
    if (l->is_text)
        length -= utf8_torn(l->data + l->start, length);
    l->scanned -= length;
    return give(l, line, length, 0, false);
}

static bool give_cut(struct lines *l, struct line *line)
{
    size_t length = l->cut - l->start;
    l->cut = 0;
    l->scanned -= length;
    return give(l, line, length, 0, false);
}

/* What is given depends on the bytes and the cut alone, not on how many bytes were there when: a
 * successor gets the same pieces. */
bool lines_next(struct lines *l, struct line *line)
{
    size_t length = l->end - l->start;
    if (length > l->scanned)
        l->scanned += line_end_in(l->data + l->start + l->scanned, length - l->scanned);
    if (l->cut > l->start && l->cut - l->start <= l->scanned &&
        (l->limit == 0 || l->cut - l->start <= l->limit))
        return give_cut(l, line);
    if (l->limit > 0 && l->scanned > l->limit)
        return give_piece(l, line, l->limit);
    if (l->scanned == length)
        return false;
    length = l->scanned;
    l->scanned = 0;
    return give(l, line, length, 1, true);
}

bool lines_cut(struct lines *l)
{
    size_t length = l->end - l->start;
    if (l->is_text)
        length -= utf8_torn(l->data + l->start, length);
    l->cut = length > 0 ? l->start + length : 0;
    return length > 0;
}

int lines_end(struct lines *l)
{
    if (!lines_begun(l))
        return 0;
    char *room = lines_room(l, 1);
    if (room == NULL)
        return -1;
    *room = '\n';
    l->end++;
    return 0;
}

bool lines_begun(const struct lines *l)
{
    return l->end > l->start ? line_ends_at(l->data + l->end - 1, 1) == 0 : l->inside;
}

void lines_shrink(struct lines *l)
{
    if (l->end > l->start)
        return;
    free(l->data);
    l->data = NULL;
    l->start = l->end = l->scanned = l->shown = l->cut = l->capacity = 0;
}

void lines_release(struct lines *l)
{
    free(l->data);
    *l = (struct lines){.limit = l->limit, .is_text = l->is_text};
}
