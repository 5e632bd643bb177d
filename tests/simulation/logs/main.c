/* Lives of loggers and of logcat. usage: simulate-logs logger|logcat SEEDS [FIRST] | tell SEED */
#include "tests/simulation/logs/kinds.h"
#include <string.h>

int main(int argc, char **argv)
{
    bool reads = argc > 1 && strcmp(argv[1], "logcat") == 0;
    return judge_run(reads ? &reader_kind : &logger_kind, argc - 1, argv + 1);
}
