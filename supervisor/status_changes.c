#include "supervisor/status_changes.h"
#include <stdlib.h>

int status_changes_reserve(struct status_changes *c, uint32_t count)
{
    size_t room = (size_t)count + 1;
    uint32_t *list = calloc(room, sizeof *list);
    unsigned char *seen = calloc(room, 1);
    if (list == NULL || seen == NULL) {
        free(list);
        free(seen);
        return -1;
    }
    free(c->list);
    free(c->seen);
    c->list = list;
    c->seen = seen;
    c->count = 0;
    return 0;
}

void status_touch(struct status_changes *c, uint32_t record)
{
    if (record == 0 || c->renew || c->seen[record] != 0)
        return;
    c->seen[record] = 1;
    c->list[c->count++] = record;
}

uint32_t status_changes_take(struct status_changes *c)
{
    if (c->count == 0)
        return 0;
    uint32_t record = c->list[--c->count];
    c->seen[record] = 0;
    return record;
}
