#include "base/str.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int str_reserve(struct str *s, size_t extra)
{
    if (extra > SIZE_MAX / 2 - s->length)
        return -1;
    size_t need = s->length + extra + 1;
    if (need <= s->capacity)
        return 0;
    size_t capacity = s->capacity < 32 ? 32 : s->capacity;
    while (capacity < need)
        capacity *= 2;
    char *data = realloc(s->data, capacity);
    if (data == NULL)
        return -1;
    s->data = data;
    s->capacity = capacity;
    return 0;
}

int str_add(struct str *s, const void *bytes, size_t length)
{
    if (str_reserve(s, length) < 0)
        return -1;
    if (length > 0)
        memcpy(s->data + s->length, bytes, length);
    s->length += length;
    s->data[s->length] = '\0';
    return 0;
}

int str_add_text(struct str *s, const char *text)
{
    return str_add(s, text, strlen(text));
}

int str_add_char(struct str *s, char c)
{
    return str_add(s, &c, 1);
}

int str_printf(struct str *s, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int n = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (n < 0 || str_reserve(s, (size_t)n) < 0)
        return -1;
    va_start(list, format);
    vsnprintf(s->data + s->length, (size_t)n + 1, format, list);
    va_end(list);
    s->length += (size_t)n;
    return 0;
}

void str_clear(struct str *s)
{
    s->length = 0;
    if (s->data != NULL)
        s->data[0] = '\0';
}

void str_release(struct str *s)
{
    free(s->data);
    *s = (struct str){.data = NULL};
}

int list_grow(void *list, size_t count, size_t *room, size_t size)
{
    void *memory;
    size_t more = *room == 0 ? 8 : 2 * *room;
    if (count < *room)
        return 0;
    memcpy(&memory, list, sizeof memory); /* of whatever type it points to */
    memory = realloc(memory, more * size);
    if (memory == NULL)
        return -1;
    memcpy(list, &memory, sizeof memory);
    *room = more;
    return 0;
}

size_t word_escape(char *out, size_t size, const char *text)
{
    size_t length = 0;
    for (; *text != '\0'; text++) {
        const char plain[2] = {*text == '\n' ? ' ' : *text, '\0'};
        const char *part = *text == ' ' ? "\\040" : *text == '\\' ? "\\134" : plain;
        if (length + strlen(part) >= size)
            break;
        memcpy(out + length, part, strlen(part));
        length += strlen(part);
    }
    if (size > 0)
        out[length] = '\0';
    return length;
}

int words_add_bytes(struct words *w, const char *text, size_t n)
{
    if (LIST_ROOM(w->item, w->count + 1, w->capacity) < 0) /* the NULL, too */
        return -1;
    char *copy = malloc(n + 1);
    if (copy == NULL)
        return -1;
    memcpy(copy, text, n);
    copy[n] = '\0';
    w->item[w->count++] = copy;
    w->item[w->count] = NULL;
    return 0;
}

int words_add(struct words *w, const char *text)
{
    return words_add_bytes(w, text, strlen(text));
}

int words_split(struct words *w, const char *text, const char *separators)
{
    while (*(text += strspn(text, separators)) != '\0') {
        size_t n = strcspn(text, separators);
        if (words_add_bytes(w, text, n) < 0)
            return -1;
        text += n;
    }
    return 0;
}

int words_copy(struct words *w, const struct words *from)
{
    for (size_t i = 0; i < from->count; i++)
        if (words_add(w, from->item[i]) < 0)
            return -1;
    return 0;
}

int words_has(const struct words *w, const char *text)
{
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->item[i], text) == 0)
            return 1;
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void words_sort(struct words *w)
{
    if (w->count > 1)
        qsort(w->item, w->count, sizeof *w->item, compare);
}

void words_release(struct words *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->item[i]);
    free(w->item);
    *w = (struct words){.item = NULL};
}

int is_among(const char *text, const char *const *list)
{
    while (*list != NULL && strcmp(*list, text) != 0)
        list++;
    return *list != NULL;
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

int number_parse(const char *text, unsigned long long max, unsigned long long *value)
{
    unsigned long long n = 0;
    if (*text == '\0')
        return -1;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        unsigned long long digit = (unsigned long long)(*text - '0');
        if (n > (max - digit) / 10 || digit > max)
            return -1;
        n = n * 10 + digit;
    }
    *value = n;
    return 0;
}
