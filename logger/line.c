#include "logger/line.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t ones = 0x0101010101010101u;
static const uint64_t highs = 0x8080808080808080u;

/* Nonzero when one of the eight bytes is zero. */
static uint64_t zero_byte(uint64_t x)
{
    return (x - ones) & ~x & highs;
}

size_t line_end_in(const char *bytes, size_t length)
{
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        uint64_t x;
        memcpy(&x, bytes + i, 8);
        if ((zero_byte(x) | zero_byte(x ^ ones * '\n')) != 0)
            break;
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

bool lines_next(struct lines *l, struct line *line)
{
    size_t length = l->end - l->start;
    if (length > l->scanned)
        l->scanned += line_end_in(l->data + l->start + l->scanned, length - l->scanned);
    if (l->limit > 0 && l->scanned > l->limit) {
        l->scanned -= l->limit;
        return give(l, line, l->limit, 0, false);
    }
    if (l->scanned == length)
        return false;
    length = l->scanned;
    l->scanned = 0;
    return give(l, line, length, 1, true);
}

int lines_end(struct lines *l)
{
    if (!lines_begun(l))
        return 0;
    char *room = lines_room(l, 1);
    if (room == NULL)
        return -1;
    *room = '\n';
    if (l->shown == l->end)
        l->shown++;
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
    l->start = l->end = l->scanned = l->shown = l->capacity = 0;
}

void lines_release(struct lines *l)
{
    free(l->data);
    *l = (struct lines){.limit = l->limit};
}
