#include "tests/simulation/explore.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "explore: out of memory\n");
        abort();
    }
    return memory;
}

static uint32_t hash(const unsigned char *bytes, size_t size)
{
    uint64_t h = 14695981039346656037U;
    for (size_t i = 0; i < size; i++)
        h = (h ^ bytes[i]) * 1099511628211U;
    return (uint32_t)(h ^ (h >> 32));
}

static const unsigned char *state_at(const struct explore *x, uint32_t index)
{
    return x->state + (size_t)index * x->model->size;
}

/* The bucket that holds the state, or the free one where it belongs. */
static uint32_t *find(const struct explore *x, const void *state)
{
    uint32_t mask = x->buckets - 1;
    uint32_t b = hash(state, x->model->size) & mask;
    while (x->bucket[b] != 0 && memcmp(state_at(x, x->bucket[b] - 1), state, x->model->size) != 0)
        b = (b + 1) & mask;
    return &x->bucket[b];
}

/* The state that is expanded may move with the others: explore_run keeps a copy. */
static void grow(struct explore *x)
{
    x->capacity = x->capacity == 0 ? 1024 : x->capacity * 2;
    x->state = need(realloc(x->state, (size_t)x->capacity * x->model->size));
    x->parent = need(realloc(x->parent, x->capacity * sizeof *x->parent));
    x->move = need(realloc(x->move, x->capacity * sizeof *x->move));
    free(x->bucket);
    x->buckets = x->capacity * 2;
    x->bucket = need(calloc(x->buckets, sizeof *x->bucket));
    for (uint32_t i = 0; i < x->count; i++)
        *find(x, state_at(x, i)) = i + 1;
}

static void add(struct explore *x, const void *state, uint32_t parent, uint32_t move)
{
    if (x->count == x->capacity)
        grow(x);
    uint32_t *bucket = find(x, state);
    if (*bucket != 0)
        return;
    memcpy(x->state + (size_t)x->count * x->model->size, state, x->model->size);
    x->parent[x->count] = parent;
    x->move[x->count] = move;
    *bucket = ++x->count;
}

void explore_init(struct explore *x, const struct explore_model *model, void *world)
{
    *x = (struct explore){.model = model, .world = world};
}

void explore_release(struct explore *x)
{
    free(x->state);
    free(x->parent);
    free(x->move);
    free(x->bucket);
    *x = (struct explore){.model = NULL};
}

void explore_start(struct explore *x, const void *state)
{
    add(x, state, x->count, 0);
}

void explore_reach(struct explore *x, const void *state, uint32_t move)
{
    x->steps++;
    add(x, state, x->at, move);
}

/* --- the story of a fault --------------------------------------------------------------------- */

static void tell_move(const struct explore *x, uint32_t from, uint32_t move, int number)
{
    char text[512] = "";
    x->model->tell(x, state_at(x, from), move, text, sizeof text);
    fprintf(stderr, "  %2d. %s\n", number, text);
}

static void tell_state(const struct explore *x, uint32_t index)
{
    char text[512] = "";
    x->model->show(x, state_at(x, index), text, sizeof text);
    fprintf(stderr, "      %s\n", text);
}

/* Returns how many moves led to the state. */
static int tell_way(const struct explore *x, uint32_t index)
{
    uint32_t length = 0;
    for (uint32_t i = index; x->parent[i] != i; i = x->parent[i])
        length++;
    uint32_t *way = need(calloc((size_t)length + 1, sizeof *way));
    for (uint32_t i = index, n = length;; i = x->parent[i]) {
        way[n] = i;
        if (n-- == 0)
            break;
    }
    tell_state(x, way[0]);
    for (uint32_t n = 1; n <= length; n++) {
        tell_move(x, way[n - 1], x->move[way[n]], (int)n);
        tell_state(x, way[n]);
    }
    free(way);
    return (int)length;
}

void explore_broken(struct explore *x, uint32_t move, const char *format, ...)
{
    va_list list;
    x->steps++;
    if (x->broken)
        return;
    x->broken = true;
    fprintf(stderr, "explore: this ends badly:\n");
    int length = tell_way(x, x->at);
    tell_move(x, x->at, move, length + 1);
    fprintf(stderr, "explore: broken: ");
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\n");
}

/* ---------------------------------------------------------------------------------------------- */

int explore_run(struct explore *x)
{
    unsigned char *copy = need(malloc(x->model->size));
    for (x->at = 0; x->at < x->count && !x->broken; x->at++) {
        memcpy(copy, state_at(x, x->at), x->model->size);
        x->model->expand(x, copy);
    }
    free(copy);
    return x->broken ? -1 : 0;
}

bool explore_everything(void)
{
    const char *how = getenv("EXPLORE");
    return how != NULL && strcmp(how, "all") == 0;
}
