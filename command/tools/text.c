/* Words and lines: printing, sorting, selecting. */
#include "base/failure.h"
#include "base/file.h"
#include "base/options.h"
#include "base/str.h"
#include "command/commands.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- s6-echo, s6-seq, s6-ls --- */

static int run_echo(struct invocation *c)
{
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    char separator = given('s') ? *argument_of('s') : ' ';
    for (int i = 0; i < options.count; i++) {
        if (i > 0)
            putchar(separator);
        fputs(options.operand[i], stdout);
    }
    if (!given('n'))
        putchar('\n');
    return 0;
}

static int run_seq(struct invocation *c)
{
    uint64_t first = 1;
    uint64_t step = 1;
    uint64_t last = 0;
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    if (options_number(c, options.operand[options.count - 1], UINT_MAX, &last) != 0 ||
        (options.count > 1 && options_number(c, options.operand[0], UINT_MAX, &first) != 0) ||
        (options.count > 2 && options_number(c, options.operand[1], UINT_MAX, &step) != 0))
        return EXIT_USAGE;
    if (options.count > 3 || step == 0)
        return command_usage(c);
    const char *separator = given('s') ? argument_of('s') : "\n";
    int width = given('w') ? snprintf(NULL, 0, "%u", (unsigned int)last) : 0;
    for (; first <= last && !ferror(stdout); first += step) {
        printf("%0*u", width, (unsigned int)first);
        fwrite(separator, 1, *separator != '\0' ? strlen(separator) : 1, stdout);
    }
    return 0;
}

static int run_ls(struct invocation *c)
{
    struct dirent *entry;
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    DIR *d = opendir(options.operand[0]);
    if (d == NULL)
        return fail("open directory", options.operand[0]);
    char dots = options_last("aA");
    for (errno = 0; (entry = readdir(d)) != NULL;) {
        const char *name = entry->d_name;
        if ((name[0] == '.' && dots == 0) ||
            (dots == 'a' && (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)) ||
            (given('x') && strcmp(name, argument_of('x')) == 0))
            continue;
        fputs(name, stdout);
        putchar(given('0') ? '\0' : '\n');
    }
    return errno != 0 ? fail("read directory", options.operand[0]) : 0;
}

/* --- s6-cat, s6-head, s6-tail --- */

/* Runs each on every operand, or on standard input. "-" is standard input only where dash says so.
 */
static int each_file(bool dash, int (*each)(FILE *))
{
    for (int i = 0; i == 0 || i < options.count; i++) {
        const char *name = options.operand[i];
        bool from_stdin = name == NULL || (dash && strcmp(name, "-") == 0);
        FILE *f = from_stdin ? stdin : fopen(name, "re");
        if (given('H') && options.count > 1)
            printf("%s==> %s <==\n", i > 0 ? "\n" : "", name);
        if (f == NULL)
            return fail("open", name);
        int bad = each(f);
        if (bad < 0 || ferror(f))
            return fail("read", from_stdin ? "standard input" : name);
        if (!from_stdin)
            fclose(f);
    }
    return 0;
}

static int run_cat(struct invocation *c)
{
    char buffer[16384];
    ssize_t n;
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    while ((n = read(0, buffer, sizeof buffer)) != 0) {
        if (n < 0 && errno != EINTR)
            return fail("read", "standard input");
        if (n > 0 && fd_write_all(1, buffer, (size_t)n) < 0)
            return fail("write", "standard output");
    }
    return 0;
}

static uint64_t wanted; /* of head and tail: so many */
static bool by_bytes;
static bool from_start; /* tail: "+N" */

/* -n, -c or a digit, one of them: 0, or EXIT_USAGE. */
static int read_count(struct invocation *c, bool tail)
{
    char digit = '0';
    int kinds = given('n') + given('c');
    for (char d = '1'; d <= '9'; d++)
        if (given(d)) {
            digit = d;
            kinds++;
        }
    if (kinds > 1)
        return command_usage(c);
    by_bytes = given('c');
    const char *word = by_bytes ? argument_of('c') : argument_of('n');
    wanted = digit != '0' ? (uint64_t)(digit - '0') : 10;
    if (tail && word != NULL && (*word == '+' || *word == '-'))
        from_start = *word++ == '+';
    return options_number(c, word, UINT_MAX, &wanted);
}

static int head_file(FILE *f)
{
    int byte;
    uint64_t left = wanted;
    /* Reading byte by byte leaves the rest to whoever reads next. */
    if (given('S'))
        setvbuf(f, NULL, _IONBF, 0);
    while (left > 0 && (byte = getc(f)) != EOF) {
        putchar(byte);
        if (by_bytes || byte == '\n')
            left--;
    }
    return 0;
}

static int run_head(struct invocation *c)
{
    if (options_read(c, 0) != 0 || read_count(c, false) != 0)
        return EXIT_USAGE;
    options.place['H'] = 1;
    return each_file(true, head_file);
}

/* Keeps the last bytes that may be wanted and writes them at the end. */
static int tail_file(FILE *f)
{
    struct str kept = STR_INIT;
    uint64_t seen = from_start ? 1 : 0;
    uint64_t have = 0;
    size_t start = 0;
    int byte;
    while ((byte = getc(f)) != EOF) {
        bool unit = by_bytes || byte == '\n';
        if (from_start && seen >= wanted)
            putchar(byte);
        else if (!from_start && str_add_char(&kept, (char)byte) < 0)
            return -1;
        seen += unit;
        have += unit;
        if (from_start || have <= wanted)
            continue;
        /* One too many: the first goes. Memory is given back when half of it is waste. */
        const char *end =
            by_bytes ? kept.data + start : memchr(kept.data + start, '\n', kept.length - start);
        start = (size_t)(end - kept.data) + 1;
        have--;
        if (start > kept.length / 2) {
            memmove(kept.data, kept.data + start, kept.length - start);
            kept.length -= start;
            start = 0;
        }
    }
    /* A last line without its end is one line more. */
    if (!by_bytes && !from_start && wanted > 0 && have == wanted && kept.length > start &&
        kept.data[kept.length - 1] != '\n')
        start =
            (size_t)((char *)memchr(kept.data + start, '\n', kept.length - start) - kept.data) + 1;
    if (kept.length > start && wanted > 0)
        fwrite(kept.data + start, 1, kept.length - start, stdout);
    str_release(&kept);
    return 0;
}

static int run_tail(struct invocation *c)
{
    if (options_read(c, 0) != 0 || read_count(c, true) != 0)
        return EXIT_USAGE;
    options.count = options.count > 0;
    return each_file(false, tail_file);
}

/* --- s6-grep --- */

static bool matches(const regex_t *regex, const char *pattern, const char *line)
{
    if (!given('F'))
        return regexec(regex, line, 0, NULL, 0) == 0;
    return (given('i') ? strcasestr : strstr)(line, pattern) != NULL;
}

static int run_grep(struct invocation *c)
{
    regex_t regex;
    char *line = NULL;
    size_t room = 0;
    uint64_t number = 0;
    uint64_t count = 0;
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    const char *pattern = options.operand[0];
    int flags = REG_NOSUB | (given('E') ? REG_EXTENDED : 0) | (given('i') ? REG_ICASE : 0);
    if (!given('F') && regcomp(&regex, pattern, flags) != 0)
        return refuse(EXIT_SYSTEM, "not a regular expression: %s", pattern);
    for (ssize_t n; (n = getdelim(&line, &room, '\n', stdin)) > 0;) {
        if (line[n - 1] == '\n')
            line[n - 1] = '\0';
        number++;
        if (matches(&regex, pattern, line) == (given('v')))
            continue;
        count++;
        if (options_last("qc") != 0)
            continue;
        if (given('n'))
            printf("%llu:", (unsigned long long)number);
        puts(line);
    }
    if (ferror(stdin))
        return fail("read", "standard input");
    if (given('c') && !given('q'))
        printf("%llu\n", (unsigned long long)count);
    return count > 0 ? 0 : 1;
}

/* --- s6-cut --- */

struct range {
    uint64_t from;
    uint64_t to;
};

static struct range *ranges;
static size_t range_count;

/* "1-3,5,7-": ends at a comma or blank. 0, or -1. */
static int read_ranges(char *list)
{
    ranges = calloc(strlen(list) + 1, sizeof *ranges);
    if (ranges == NULL)
        return -1;
    for (char *word = list; word != NULL;) {
        char *next = strpbrk(word, ", \t");
        if (next != NULL)
            *next++ = '\0';
        char *dash = strchr(word, '-');
        unsigned long long from = 1;
        unsigned long long to = ULLONG_MAX;
        if (dash != NULL)
            *dash = '\0';
        if ((dash == NULL || dash != word) && number_parse(word, UINT_MAX, &from) < 0)
            return -1;
        if (dash == NULL)
            to = from;
        else if (dash[1] != '\0' && number_parse(dash + 1, UINT_MAX, &to) < 0)
            return -1;
        if (from == 0 || to < from)
            return -1;
        ranges[range_count++] = (struct range){from, to};
        word = next;
    }
    return 0;
}

static bool selected(uint64_t place)
{
    for (size_t i = 0; i < range_count; i++)
        if (place >= ranges[i].from && place <= ranges[i].to)
            return true;
    return false;
}

static void cut_fields(const char *line, size_t length, const char *newline)
{
    char delimiter = given('d') ? *argument_of('d') : '\t';
    const char *end = line + length;
    bool any = false;
    if (memchr(line, delimiter, length) == NULL) {
        if (!given('s')) {
            fwrite(line, 1, length, stdout);
            fputs(newline, stdout);
        }
        return;
    }
    for (uint64_t place = 1; line != NULL; place++) {
        const char *stop = memchr(line, delimiter, (size_t)(end - line));
        size_t size = (size_t)((stop != NULL ? stop : end) - line);
        if (selected(place)) {
            if (any)
                putchar(delimiter);
            any = true;
            fwrite(line, 1, size, stdout);
        }
        line = stop != NULL ? stop + 1 : NULL;
    }
    fputs(newline, stdout);
}

static int cut_file(FILE *f)
{
    char *line = NULL;
    size_t room = 0;
    for (ssize_t n; (n = getdelim(&line, &room, '\n', f)) > 0;) {
        size_t length = (size_t)n - (line[n - 1] == '\n');
        const char *newline = length < (size_t)n ? "\n" : "";
        if (given('f')) {
            cut_fields(line, length, newline);
            continue;
        }
        for (size_t i = 0; i < length; i++)
            if (selected(i + 1))
                putchar(line[i]);
        fputs(newline, stdout);
    }
    free(line);
    return 0;
}

static int run_cut(struct invocation *c)
{
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    int kinds = (given('b')) + (given('c')) + (given('f'));
    char kind = options_last("bcf");
    if (kinds != 1 || *argument_of(kind) == '\0')
        return command_usage(c);
    char *list = strdup(argument_of(kind));
    if (list == NULL || read_ranges(list) < 0)
        return refuse(EXIT_USAGE, "not a list of ranges: %s", argument_of(kind));
    return each_file(true, cut_file);
}

#define DIGITS "-1\n-2\n-3\n-4\n-5\n-6\n-7\n-8\n-9\n" /* told of with -n */

static const char echo_options[] = "-n       no newline\n"
                                   "-s char  between the words, instead of a blank\n";

static const char seq_options[] = "-w       all with the same number of digits\n"
                                  "-s text  after each number, instead of a newline\n";

static const char ls_options[] = "-0       NUL after each name\n"
                                 "-a       names with a dot in front too, but not . and ..\n"
                                 "-A       all names\n"
                                 "-x name  leave this name out\n";

static const char head_options[] = "-S        read no further than needed\n"
                                   "-n lines  how many lines (10); -1 to -9: that many\n"
                                   "-c bytes  how many bytes\n" DIGITS;

static const char tail_options[] =
    "-n lines  how many lines (10); +N: from line N on; -1 to -9: that many\n"
    "-c bytes  the same in bytes\n" DIGITS;

static const char grep_options[] = "-E  an extended regular expression\n"
                                   "-F  a text, not an expression\n"
                                   "-i  ignore case\n"
                                   "-c  write only the number of lines\n"
                                   "-n  with line numbers\n"
                                   "-q  write nothing\n"
                                   "-v  lines that do not match\n";

static const char cut_options[] = "-b list  bytes, such as 1,3-5,7-\n"
                                  "-c list  the same\n"
                                  "-f list  fields\n"
                                  "-d char  what is between fields, instead of a tab\n"
                                  "-s       leave out lines without a delimiter\n"
                                  "-n       ignored\n";

const struct command command_text[] = {
    {"s6-echo", "[-n] [-s char] [word...]", "print words", echo_options, run_echo},
    {"s6-seq", "[-w] [-s text] [first [step]] last", "print numbers", seq_options, run_seq},
    {"s6-ls", "[-0] [-a|-A] [-x name] dir", "list a directory, unsorted", ls_options, run_ls},
    {"s6-cat", "", "copy standard input to standard output", NULL, run_cat},
    {"s6-head", "[-S] [-123456789|-n lines|-c bytes] [file...]", "print the beginning of files",
     head_options, run_head},
    {"s6-tail", "[-123456789|-n lines|-c bytes] [file]", "print the end of a file", tail_options,
     run_tail},
    {"s6-grep", "[-E|-F] [-i] [-c] [-n] [-q] [-v] pattern", "print lines that match", grep_options,
     run_grep},
    {"s6-cut", "[-b list|-c list|-f list] [-d char] [-n] [-s] [file...]", "print parts of lines",
     cut_options, run_cut},
    {.name = NULL}};
