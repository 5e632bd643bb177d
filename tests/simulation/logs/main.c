/* Lives of loggers and of logcat. usage: simulate-logs logger|logcat SEEDS [FIRST] | tell SEED,
 * simulate-logs sweep EVERY [FIRST] | tell SEED */
#include "tests/simulation/logs/kinds.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sweep, from the beginning or from a seed on. */
static int sweep(int argc, char **argv)
{
    char all[24], first[24];
    char *words[] = {argv[0], all, first, NULL};
    if (argc < 2 || strcmp(argv[1], "tell") == 0)
        return judge_run(&sweep_kind, argc, argv);
    sweep_every = (unsigned int)strtoul(argv[1], NULL, 10);
    sweep_every += sweep_every == 0;
    snprintf(all, sizeof all, "%llu", (unsigned long long)UINT64_MAX);
    snprintf(first, sizeof first, "%llu", (unsigned long long)sweep_first());
    if (argc > 2)
        words[2] = argv[2];
    return judge_run(&sweep_kind, 3, words);
}

int main(int argc, char **argv)
{
    bool reads = argc > 1 && strcmp(argv[1], "logcat") == 0;
    if (argc > 1 && strcmp(argv[1], "sweep") == 0)
        return sweep(argc - 1, argv + 1);
    return judge_run(reads ? &reader_kind : &logger_kind, argc - 1, argv + 1);
}
