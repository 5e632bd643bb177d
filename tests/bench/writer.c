/* For the benchmarks: writes numbered lines to descriptor 1 at a steady rate and notes how long each
 * write took.
 *   writer LINES LINES_PER_SECOND RESULT    RESULT: median, 99th, 99.9th percentile and maximum, µs
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    long long x = *(const long long *)a;
    long long y = *(const long long *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 100;
    long lines = atol(argv[1]);
    long long gap = 1000000000LL / atol(argv[2]);
    long long *took = calloc((size_t)lines, sizeof *took);
    long long due = now();
    char line[120];
    for (long i = 0; i < lines; i++) {
        int n = snprintf(line, sizeof line, "%09ld GET /index.php HTTP/1.1 200 1234 Mozilla/5.0 (X11; Linux x86_64)\n", i);
        while (now() < due)
            ;
        due += gap;
        long long before = now();
        if (write(1, line, (size_t)n) != n)
            return 111;
        took[i] = now() - before;
    }
    qsort(took, (size_t)lines, sizeof *took, compare);
    FILE *f = fopen(argv[3], "w");
    fprintf(f, "%.1f %.1f %.1f %.1f\n", (double)took[lines / 2] / 1e3, (double)took[lines * 99 / 100] / 1e3,
            (double)took[lines * 999 / 1000] / 1e3, (double)took[lines - 1] / 1e3);
    return fclose(f) == 0 ? 0 : 111;
}
