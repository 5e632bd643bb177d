/* The kinds of lives of this folder. */
#ifndef TESTS_SIMULATION_LOGS_KINDS_H
#define TESTS_SIMULATION_LOGS_KINDS_H

#include "tests/simulation/judge.h"

extern const struct kind logger_kind, reader_kind;

#endif
