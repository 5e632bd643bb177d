/* s6-sort. */
#include "base/failure.h"
#include "base/options.h"
#include "command/commands.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
    char *text;
    size_t length; /* without what ends it */
};

static int compare(const void *a, const void *b)
{
    struct line x = *(const struct line *)a;
    struct line y = *(const struct line *)b;
    if (given('b')) {
        for (; x.length > 0 && (*x.text == ' ' || *x.text == '\t'); x.length--)
            x.text++;
        for (; y.length > 0 && (*y.text == ' ' || *y.text == '\t'); y.length--)
            y.text++;
    }
    bool fold = given('f');
    int order = 0;
    for (size_t i = 0; order == 0 && i < x.length && i < y.length; i++) {
        int p = (unsigned char)x.text[i];
        int q = (unsigned char)y.text[i];
        order = fold ? toupper(p) - toupper(q) : p - q;
    }
    if (order == 0)
        order = (x.length > y.length) - (x.length < y.length);
    return given('r') ? -order : order;
}

/* As qsort would, but equal lines stay in their order. */
static void merge_sort(struct line *l, struct line *spare, size_t n)
{
    size_t half = n / 2;
    if (n < 2)
        return;
    merge_sort(l, spare, half);
    merge_sort(l + half, spare, n - half);
    memcpy(spare, l, half * sizeof *l);
    for (size_t i = 0, j = half, to = 0; i < half; to++)
        l[to] = j < n && compare(&spare[i], &l[j]) > 0 ? l[j++] : spare[i++];
}

static int read_lines(int delimiter, struct line **lines, size_t *count)
{
    size_t room = 0;
    for (;; (*count)++) {
        char *text = NULL;
        size_t size = 0;
        ssize_t n = getdelim(&text, &size, delimiter, stdin);
        if (n < 0)
            return ferror(stdin) || !feof(stdin) ? -1 : 0;
        if (*count == room) {
            room = room * 2 + 64;
            struct line *more = realloc(*lines, 2 * room * sizeof **lines);
            if (more == NULL)
                return -1;
            *lines = more;
        }
        (*lines)[*count] = (struct line){text, (size_t)n - (text[n - 1] == delimiter)};
    }
}

static int run_sort(struct invocation *c)
{
    struct line *lines = NULL;
    size_t count = 0;
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    int delimiter = given('0') ? '\0' : '\n';
    if (read_lines(delimiter, &lines, &count) < 0)
        return fail("read", "standard input");
    bool unique = given('u');
    if (given('c')) {
        for (size_t i = 1; i < count; i++)
            if (compare(&lines[i - 1], &lines[i]) >= (unique ? 0 : 1))
                return 1;
        return 0;
    }
    /* read_lines left as much room again behind the lines. */
    merge_sort(lines, lines + count, count);
    for (size_t i = 0; i < count; i++) {
        if (unique && i > 0 && compare(&lines[i - 1], &lines[i]) == 0)
            continue;
        fwrite(lines[i].text, 1, lines[i].length, stdout);
        putchar(delimiter);
    }
    return 0;
}

static const char sort_options[] = "-b  ignore leading blanks\n"
                                   "-c  write nothing; exit 1 when it is not sorted\n"
                                   "-f  ignore case\n"
                                   "-r  in reverse\n"
                                   "-u  each line once\n"
                                   "-0  lines end with NUL\n";

const struct command command_sort[] = {
    {"s6-sort", "[-bcfru0]", "sort lines", sort_options, run_sort}, {.name = NULL}};
