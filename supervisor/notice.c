#include "supervisor/notice.h"
#include <string.h>

static bool is_waiting(const struct notices *n, enum notice_kind kind, int code)
{
    bool one_code = kind == NOTICE_EXIT || kind == NOTICE_CMD;
    for (size_t i = 0; i < n->count; i++)
        if (n->item[i].kind == kind && (one_code || n->item[i].code == code))
            return true;
    return false;
}

void notice_post(struct notices *n, enum notice_kind kind, int code)
{
    if (n->count < NOTICES_MAX && !is_waiting(n, kind, code))
        n->item[n->count++] = (struct notice){kind, code};
}

bool notice_next(struct notices *n, struct notice *next)
{
    if (n->count == 0)
        return false;
    *next = n->item[0];
    n->count--;
    memmove(n->item, n->item + 1, n->count * sizeof n->item[0]);
    return true;
}
