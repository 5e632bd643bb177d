/* Commands about how often a service died: supervise/death_tally. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "base/signals.h"
#include "base/str.h"
#include "command/commands.h"
#include "services/supervise_format.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { PATH_BYTES = 4200, PERMANENT_FAILURE = 125, CODES = 256, DEATHS_MAX = SUPERVISE_DEATHS_MAX };

/* The records of a service, oldest first. -1 with errno. */
static int read_deaths(const char *service, struct str *records)
{
    struct error e = ERROR_INIT;
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%.4096s/supervise/death_tally", service);
    return file_read(AT_FDCWD, path, (DEATHS_MAX + 1) * SUPERVISE_DEATH_SIZE, records, &e);
}

/* After read_deaths failed: a service that has no death to tell of. Keeps errno. */
static bool never_died(const char *service)
{
    int why = errno;
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%.4096s/supervise", service);
    bool never = why == ENOENT && access(path, F_OK) == 0;
    errno = why;
    return never;
}

static size_t count_of(const struct str *records)
{
    return records->length / SUPERVISE_DEATH_SIZE;
}

static struct supervise_death death_at(const struct str *records, size_t i)
{
    struct supervise_death d;
    supervise_death_unpack(&d, (const unsigned char *)records->data + i * SUPERVISE_DEATH_SIZE);
    return d;
}

static int run_svdt(struct invocation *c)
{
    struct str records = STR_INIT;
    uint64_t most = DEATHS_MAX;
    if (options_read(c, 1) != 0 || options_number(c, argument_of('n'), DEATHS_MAX, &most) != 0)
        return EXIT_USAGE;
    if (read_deaths(options.operand[0], &records) < 0 && !never_died(options.operand[0]))
        return fail("read death tally for service", options.operand[0]);
    size_t count = count_of(&records);
    for (size_t i = count <= most ? 0 : count - (size_t)most; i < count; i++) {
        struct supervise_death d = death_at(&records, i);
        char stamp[CLOCK_TAI64N_LENGTH + 1] = "";
        clock_tai64n_format(stamp, &d.when);
        printf("%.25s ", stamp);
        const char *name = options_last("sS") == 's' ? NULL : signal_name(d.signal);
        if (d.signal == 0)
            printf("exitcode %u\n", d.code);
        else if (name != NULL)
            printf("signal SIG%s\n", name);
        else
            printf("signal %u\n", d.signal);
    }
    str_release(&records);
    return fflush(stdout) == 0 ? 0 : fail("write to", "stdout");
}

static int run_svdt_clear(struct invocation *c)
{
    char path[PATH_BYTES];
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    snprintf(path, sizeof path, "%.4096s/supervise/death_tally", options.operand[0]);
    /* Never died: nothing to clear, but it has to be a service. */
    if (truncate(path, 0) == 0)
        return 0;
    *strrchr(path, '/') = '\0';
    if (errno == ENOENT && access(path, F_OK) == 0)
        return 0;
    return fail("clear death tally for service", options.operand[0]);
}

/* --- s6-permafailon --------------------------------------------------------------------------- */

struct deadly {
    bool code[CODES];
    bool signal[SIGNAL_COUNT];
};

/* One word of the list: "7", "1-5", "SIGSEGV", "SIG11". */
static int add_word(struct deadly *d, const char *word)
{
    unsigned long long first, last;
    char text[32];
    int number = strncasecmp(word, "SIG", 3) == 0 && word[3] >= '0' && word[3] <= '9'
                     ? signal_number(word + 3, SIGNAL_COUNT - 1)
                 : word[0] >= '0' && word[0] <= '9' ? -1
                                                    : signal_number(word, SIGNAL_COUNT - 1);
    if (number > 0) {
        d->signal[number] = true;
        return 0;
    }
    snprintf(text, sizeof text, "%s", word);
    char *dash = strchr(text, '-');
    if (dash != NULL)
        *dash++ = '\0';
    if (number_parse(text, CODES - 1, &first) < 0)
        return -1;
    last = first;
    if (dash != NULL && (number_parse(dash, CODES - 1, &last) < 0 || last < first))
        return -1;
    for (; first <= last; first++)
        d->code[first] = true;
    return 0;
}

static int read_list(struct deadly *d, char *list)
{
    static const char between[] = ",; \n\r\t";
    for (char *word = list; *word != '\0';) {
        size_t n = strcspn(word, between);
        char *next = word + n + strspn(word + n, between);
        word[n] = '\0';
        if (n == 0 || n > 20 || add_word(d, word) < 0)
            return -1;
        word = next;
    }
    return 0;
}

/* The code of a death by a signal is 128 + signal, and counts as well. */
static bool is_deadly(const struct deadly *d, const struct supervise_death *death)
{
    return (death->signal < SIGNAL_COUNT && d->signal[death->signal]) || d->code[death->code];
}

static int run_permafailon(struct invocation *c)
{
    struct deadly deadly = {.code = {false}};
    struct str records = STR_INIT;
    uint64_t seconds = 0, most = 0, found = 0;
    if (options_read(c, 3) != 0 ||
        options_number(c, options.operand[0], UINT32_MAX, &seconds) != 0 ||
        options_number(c, options.operand[1], UINT32_MAX, &most) != 0)
        return EXIT_USAGE;
    if (most == 0)
        return command_usage(c);
    if (most > DEATHS_MAX)
        most = DEATHS_MAX;
    if (read_list(&deadly, options.operand[2]) < 0)
        return refuse(EXIT_USAGE, "invalid list of events, such as 1-127,SIGSEGV");
    if (read_deaths(".", &records) < 0)
        complain("read", "supervise/death_tally");
    int64_t since = clock_wall().tv_sec - (int64_t)seconds;
    struct supervise_death last = {.code = 0};
    for (size_t i = count_of(&records); i > 0 && found < most; i--) {
        struct supervise_death d = death_at(&records, i - 1);
        if (d.when.tv_sec < since)
            break;
        if (!is_deadly(&deadly, &d))
            continue;
        if (found++ == 0)
            last = d;
    }
    str_release(&records);
    if (found < most)
        return command_chain(c, options.operand + 3);
    message_verbosity(MESSAGE_INFO);
    message_info("PERMANENT FAILURE triggered after %llu events involving %s %u in the last %llu "
                 "seconds",
                 (unsigned long long)most, last.signal != 0 ? "signal" : "exit code",
                 last.signal != 0 ? last.signal : last.code, (unsigned long long)seconds);
    return PERMANENT_FAILURE;
}

static const char svdt_options[] = "-s        signals as numbers\n"
                                   "-S        signals by name (the default)\n"
                                   "-n count  the last deaths only\n";

const struct command command_tally[] = {
    {"s6-svdt", "[-s|-S] [-n count] servicedir", "say when and how a service died", svdt_options,
     run_svdt},
    {"s6-svdt-clear", "servicedir", "forget the deaths of a service", NULL, run_svdt_clear},
    {"s6-permafailon", "seconds count events prog...",
     "in a finish script: give up a service that dies too often", NULL, run_permafailon},
    {.name = NULL}};
