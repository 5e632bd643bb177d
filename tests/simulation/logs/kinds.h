/* The kinds of lives of this folder. */
#ifndef TESTS_SIMULATION_LOGS_KINDS_H
#define TESTS_SIMULATION_LOGS_KINDS_H

#include "tests/simulation/judge.h"

extern const struct kind logger_kind, reader_kind, sweep_kind;

/* Of a sweep: one of so many calls has its kill; the first seed. */
extern unsigned int sweep_every;
uint64_t sweep_first(void);

#endif
