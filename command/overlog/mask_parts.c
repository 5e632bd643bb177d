#include "command/overlog/mask_parts.h"
#include "base/str.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void mask_add(struct mask_parts *p, size_t begin, size_t end, bool learn, const char *kind)
{
    void *list = begin < end ? list_room(p->part, p->count, &p->room, sizeof *p->part) : NULL;
    if (list == NULL) {
        p->failed |= begin < end;
        return;
    }
    p->part = list;
    struct mask_part *part = &p->part[p->count++];
    *part =
        (struct mask_part){.begin = begin, .end = end, .from = begin, .to = learn ? end : begin};
    snprintf(part->kind, sizeof part->kind, "%s", kind);
}

void mask_add_value(struct mask_parts *p, size_t begin, size_t end, const char *what,
                    const char *name, size_t length)
{
    char kind[MASK_KIND_MAX];
    snprintf(kind, sizeof kind, "%s %.*s", what, length > 48 ? 48 : (int)length, name);
    mask_add(p, begin, end, true, kind);
}

size_t mask_line_end(const struct mask_parts *p, size_t at)
{
    const char *end = memchr(p->text + at, '\n', p->length - at);
    return end == NULL ? p->length : (size_t)(end - p->text);
}

size_t mask_line_begin(const struct mask_parts *p, size_t at)
{
    const char *end = at == 0 ? NULL : memrchr(p->text, '\n', at);
    return end == NULL ? 0 : (size_t)(end + 1 - p->text);
}
