/* For the benchmarks: runs a program again and again and says how long one run takes.
 *   repeat TIMES PROGRAM ARGV0 [ARG...]     prints the median and the mean in µs
 *   repeat                                  does nothing: the smallest program there is
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 0;
    long times = atol(argv[1]);
    double *took = calloc((size_t)times, sizeof *took);
    double begin = now();
    if (took == NULL)
        return 111;
    for (long i = 0; i < times; i++) {
        int status;
        double start = now();
        pid_t pid = vfork();
        if (pid == 0) {
            execv(argv[2], argv + 3);
            _exit(127);
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
            fprintf(stderr, "repeat: %s: status %d\n", argv[2], status);
            return 1;
        }
        took[i] = now() - start;
    }
    double mean = (now() - begin) / (double)times;
    qsort(took, (size_t)times, sizeof *took, compare);
    printf("%.1f %.1f\n", took[times / 2], mean);
    return 0;
}
