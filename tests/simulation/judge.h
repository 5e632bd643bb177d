/* Many lives of a kind, each from a seed and in a child: how they ended, how fast, and the shortest
 * story of one that fails. */
#ifndef TESTS_SIMULATION_JUDGE_H
#define TESTS_SIMULATION_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A kind of life. What it is to be is a plan, drawn from the seed alone, with parts that can be
 * left out. */
struct kind {
    const char *name;    /* of many: "lives" */
    size_t size;         /* bytes of a plan */
    uint64_t each;       /* lives in one child: 1 where one can leave something to the next */
    void (*enter)(void); /* in each child, before its first life; NULL: nothing */
    void (*draw)(void *plan, uint64_t seed);
    /* Lives it; the number of its turns. hash: NULL, or where to put one of all that happened. Does
     * not return when it fails: judge_fails. */
    uint64_t (*live)(void *plan, bool tells, uint64_t *hash);
    /* Whether the part of that number is left out, to be read and set; NULL: there are no more. */
    bool *(*part)(void *plan, size_t number);
    void (*tell)(const void *plan);
    /* The seed behind this one, by how its life went if that was here; 0: it was the last. NULL:
     * the next number. */
    uint64_t (*next)(uint64_t seed);
};

/* usage: PROGRAM SEEDS [FIRST] | tell SEED | twice SEEDS [FIRST]; the exit code. */
int judge_run(const struct kind *k, int argc, char **argv);

/* This process ends, and its life with it. */
void judge_fails(const char *kind, const char *why) __attribute__((noreturn));

#endif
