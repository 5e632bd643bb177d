/* TAI64N labels before lines: putting them there, and making them readable (spec: s6-log.md, 9). */
#include "base/clock.h"
#include "base/options.h"
#include "base/zone.h"
#include "command/commands.h"
#include "command/tools/stream.h"
#include "logger/stamp.h"

enum { DATE_LENGTH = 29 /* "YYYY-MM-DD HH:MM:SS.nnnnnnnnn" */ };

/* Seconds from 1970 to a day before the year 10000: what these digits can say in any zone. */
#define DATES_END (253402300800 - 86400)

static int add_label(struct str *out, const char *bytes, size_t length)
{
    char stamp[STAMP_MAX];
    struct timespec now = clock_wall();
    size_t n = stamp_format(stamp, STAMP_TAI64N, &now, STREAM_UNKNOWN, 0);
    return str_add(out, stamp, n) | str_add(out, bytes, length);
}

static int run_tai64n(struct invocation *c)
{
    static const struct stream_rules rules = {.ends = true, .line = add_label};
    return options_read(c, 0) != 0 ? EXIT_USAGE : stream_run(&rules);
}

static int read_label(struct str *out, const char *bytes, size_t length)
{
    char stamp[STAMP_MAX];
    struct timespec t;
    if (length < CLOCK_TAI64N_LENGTH || clock_tai64n_parse(bytes, &t) < 0 || t.tv_sec < 0 ||
        t.tv_sec >= DATES_END)
        return str_add(out, bytes, length);
    stamp_format(stamp, given('g') ? STAMP_UTC : STAMP_LOCAL, &t, STREAM_UNKNOWN, 0);
    stamp[10] = ' ';
    return str_add(out, stamp, DATE_LENGTH) |
           str_add(out, bytes + CLOCK_TAI64N_LENGTH, length - CLOCK_TAI64N_LENGTH);
}

static int run_tai64nlocal(struct invocation *c)
{
    zone_settle();
    static const struct stream_rules rules = {.line = read_label};
    return options_read(c, 0) != 0 ? EXIT_USAGE : stream_run(&rules);
}

static const char tai64nlocal_options[] = "-g  the date is in UTC, not in local time\n";

const struct command command_tai64n[] = {
    {"s6-tai64n", "", "put a TAI64N label before each line", NULL, run_tai64n},
    {"s6-tai64nlocal", "[-g]", "turn TAI64N labels before lines into dates", tai64nlocal_options,
     run_tai64nlocal},
    {.name = NULL}};
