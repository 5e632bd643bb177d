/* Lives in children: how they ended, how fast, and the shortest story of one that fails. */
#ifndef TESTS_SIMULATION_JUDGE_H
#define TESTS_SIMULATION_JUDGE_H

#include "tests/simulation/lives.h"

/* Lives the plan from boot to end; how many turns that took. Does not return when it fails. */
uint64_t life_live(struct plan *p, bool tells, uint64_t *hash);
/* This process ends, and its life with it. */
void judge_fails(const char *kind, const char *why) __attribute__((noreturn));

#endif
