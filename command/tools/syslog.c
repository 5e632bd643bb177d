/* What syslog(3) sends as text: the names of its numbers, and the filter `ucspilogd`. */
#include "command/tools/syslog.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/tools/stream.h"
#include <limits.h>
#include <stdlib.h>

enum { FACILITIES = 25, FACILITY_UNKNOWN = 12 };

static const char facilities[FACILITIES][9] = {
    "kern",   "user",     "mail",   "daemon",  "auth",    "syslog",  "lpr",     "news",   "uucp",
    "cron",   "authpriv", "ftp",    "unknown", "unknown", "unknown", "unknown", "local0", "local1",
    "local2", "local3",   "local4", "local5",  "local6",  "local7",  "mark"};

static const char priorities[8][7] = {"emerg", "alert",  "crit", "err",
                                      "warn",  "notice", "info", "debug"};

/* The bytes that "<N>" takes, 0 when there is none or N has more than 32 bits. */
static size_t read_code(const char *bytes, size_t length, unsigned int *code)
{
    unsigned long long value = 0;
    size_t i = 1;
    if (length < 3 || bytes[0] != '<')
        return 0;
    for (; i < length && bytes[i] >= '0' && bytes[i] <= '9' && value <= UINT_MAX; i++)
        value = value * 10 + (unsigned long long)(bytes[i] - '0');
    *code = (unsigned int)value;
    return i > 1 && i < length && bytes[i] == '>' && value <= UINT_MAX ? i + 1 : 0;
}

int syslog_add(struct str *out, const char *bytes, size_t length)
{
    unsigned int code = 0;
    int bad = 0;
    size_t n = read_code(bytes, length, &code);
    if (n > 0) {
        unsigned int facility = code / 8 % 128;
        bad = str_add_text(out, facilities[facility < FACILITIES ? facility : FACILITY_UNKNOWN]) |
              str_add_char(out, '.') | str_add_text(out, priorities[code % 8]) |
              str_add(out, ": ", 2);
    }
    return bad | str_add(out, bytes + n, length - n);
}

static int add_line(struct str *out, const char *bytes, size_t length)
{
    int bad = 0;
    for (char **name = options.operand; *name != NULL; name++) {
        const char *value = getenv(*name);
        if (value == NULL)
            value = given('D') ? argument_of('D') : "<undefined>";
        bad |= str_add_text(out, value) | str_add(out, ": ", 2);
    }
    return bad | syslog_add(out, bytes, length);
}

static int run_ucspilogd(struct invocation *c)
{
    static const struct stream_rules rules = {.nul = true, .ends = true, .line = add_line};
    return options_read(c, 0) != 0 ? EXIT_USAGE : stream_run(&rules);
}

static const char ucspilogd_options[] =
    "-D default  for a variable that is not set (<undefined>)\n";

const struct command command_syslog[] = {{"ucspilogd", "[-D default] [variable...]",
                                          "turn the numbers of syslog messages into names",
                                          ucspilogd_options, run_ucspilogd},
                                         {.name = NULL}};
