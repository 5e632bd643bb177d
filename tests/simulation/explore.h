/* Exhaustive exploration: every state that a model can reach, breadth-first, so that the way to a
 * state that breaks a rule is a shortest one. A model says what its states are, what may happen in
 * each, and how that is told.
 *
 *   1. explore_init with the model
 *   2. explore_start for each state in which all may begin
 *   3. explore_run to the fixed point: 0, or -1 and the story of the fault on stderr
 *   4. explore_release
 */
#ifndef TESTS_SIMULATION_EXPLORE_H
#define TESTS_SIMULATION_EXPLORE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct explore;

struct explore_model {
    /* Bytes of a state. States are compared byte by byte: no padding, no pointer, and nothing in
     * them that does not matter for what can follow. */
    size_t size;
    /* Tries all that may happen in a state, and calls explore_reach or explore_broken once for
     * each. state stays where it is until then. */
    void (*expand)(struct explore *x, const void *state);
    /* Writes in a few words what a move does in that state. */
    void (*tell)(const struct explore *x, const void *state, uint32_t move, char *text,
                 size_t size);
    /* Writes in a few words what a state is. */
    void (*show)(const struct explore *x, const void *state, char *text, size_t size);
};

/* Owns its states. */
struct explore {
    const struct explore_model *model;
    void *world;          /* the model's own, as the caller of explore_init gave it */
    unsigned char *state; /* in the order in which they were reached */
    uint32_t *parent;     /* by state: the one before it; itself for a start */
    uint32_t *move;       /* by state: what led from the parent to it */
    uint32_t count;
    uint32_t capacity;
    uint32_t *bucket; /* hash table of 1 + index */
    uint32_t buckets;
    uint32_t at;    /* the state that is expanded */
    uint64_t steps; /* moves that were tried */
    bool broken;    /* a fault was told; only the first one is */
};

void explore_init(struct explore *x, const struct explore_model *model, void *world);
void explore_release(struct explore *x);

void explore_start(struct explore *x, const void *state);
/* The state being expanded leads to that one by that move. */
void explore_reach(struct explore *x, const void *state, uint32_t move);
/* The state being expanded breaks a rule at that move: tells the story. */
void explore_broken(struct explore *x, uint32_t move, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* 0, or -1 when a rule was broken. */
int explore_run(struct explore *x);

/* EXPLORE=all in the environment: all of it, not only what is quick. */
bool explore_everything(void);

#endif
