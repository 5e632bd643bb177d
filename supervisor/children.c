#include "supervisor/children.h"
#include <errno.h>
#include <stdlib.h>

static size_t place(const struct children *c, pid_t pid)
{
    return ((size_t)pid * 2654435761U) & (c->capacity - 1);
}

int children_reserve(struct children *c, size_t count, struct error *e)
{
    size_t capacity = 16;
    while (capacity < 2 * (count + c->formers) + 2)
        capacity *= 2;
    if (capacity <= c->capacity)
        return 0;
    struct children bigger = {
        .slot = calloc(capacity, sizeof *bigger.slot), .capacity = capacity, .top = c->top};
    if (bigger.slot == NULL) {
        errno = ENOMEM;
        return error_system(e, "unable to keep a table of children");
    }
    for (size_t i = 0; i < c->capacity; i++)
        if (c->slot[i].pid != 0) {
            children_add(&bigger, c->slot[i].pid, c->slot[i].role, c->slot[i].index);
            children_find(&bigger, c->slot[i].pid)->stopped = c->slot[i].stopped;
        }
    free(c->slot);
    *c = bigger;
    return 0;
}

void children_add(struct children *c, pid_t pid, enum child_role role, uint32_t index)
{
    size_t i = place(c, pid);
    while (c->slot[i].pid != 0)
        i = (i + 1) & (c->capacity - 1);
    c->slot[i] = (struct child){.pid = pid, .role = role, .index = index};
    c->formers += role == CHILD_FORMER ? 1 : 0;
    c->top = pid > c->top ? pid : c->top;
    c->count++;
}

/* Closes the hole at i, so that searches never need to pass over tombstones. */
static void close_hole(struct children *c, size_t i)
{
    size_t mask = c->capacity - 1;
    for (size_t j = (i + 1) & mask; c->slot[j].pid != 0; j = (j + 1) & mask) {
        size_t home = place(c, c->slot[j].pid);
        if (((j - home) & mask) >= ((j - i) & mask)) {
            c->slot[i] = c->slot[j];
            i = j;
        }
    }
    c->slot[i] = (struct child){.pid = 0};
}

struct child children_take(struct children *c, pid_t pid)
{
    struct child none = {.pid = pid, .role = CHILD_NONE};
    c->top = pid > c->top ? pid : c->top;
    if (c->capacity == 0)
        return none;
    for (size_t i = place(c, pid); c->slot[i].pid != 0; i = (i + 1) & (c->capacity - 1)) {
        if (c->slot[i].pid != pid)
            continue;
        struct child found = c->slot[i];
        close_hole(c, i);
        c->count--;
        c->formers -= found.role == CHILD_FORMER ? 1 : 0;
        return found;
    }
    return none;
}

struct child *children_find(const struct children *c, pid_t pid)
{
    if (c->capacity == 0)
        return NULL;
    for (size_t i = place(c, pid); c->slot[i].pid != 0; i = (i + 1) & (c->capacity - 1))
        if (c->slot[i].pid == pid)
            return &c->slot[i];
    return NULL;
}

bool child_resumes(enum child_role role, bool newborn, bool stopping)
{
    return role == CHILD_LOGGER || role == CHILD_CLOSER || role == CHILD_PARENT || stopping ||
           (role == CHILD_SERVICE && newborn);
}
