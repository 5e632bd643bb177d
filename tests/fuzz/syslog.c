/* Messages of syslog(3): the names are those of the number as sscanf reads it, and the text is
 * there as it came. */
#include "command/tools/syslog.h"
#include "tests/fuzz/fuzz.h"

static const char *const facilities[] = {
    "kern",   "user",     "mail",   "daemon",  "auth",    "syslog",  "lpr",     "news",   "uucp",
    "cron",   "authpriv", "ftp",    "unknown", "unknown", "unknown", "unknown", "local0", "local1",
    "local2", "local3",   "local4", "local5",  "local6",  "local7",  "mark"};
static const char *const priorities[] = {"emerg", "alert",  "crit", "err",
                                         "warn",  "notice", "info", "debug"};

/* How long "<N>" is, 0: there is none. */
static size_t read_number(const char *bytes, size_t length, unsigned long long *number)
{
    char text[4200];
    size_t n = length < sizeof text - 1 ? length : sizeof text - 1;
    memcpy(text, bytes, n);
    text[n] = '\0';
    size_t digits = text[0] == '<' ? strspn(text + 1, "0123456789") : 0;
    if (digits == 0 || text[1 + digits] != '>')
        return 0;
    unsigned long long value = strtoull(text + 1, NULL, 10); /* ULLONG_MAX where it is too large */
    *number = value;
    return value <= 0xffffffffULL ? digits + 2 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str out = STR_INIT, expected = STR_INIT;
    char *exact = input_copy(data, size);
    unsigned long long number = 0;
    size_t begin = read_number(exact, size, &number);
    unsigned long long facility = number / 8 % 128;
    if (begin > 0)
        str_printf(&expected, "%s.%s: ", facility > 24 ? "unknown" : facilities[facility],
                   priorities[number % 8]);
    str_add(&expected, exact + begin, size - begin);
    MUST(syslog_add(&out, exact, size) == 0);
    MUST(out.length == expected.length &&
         (out.length == 0 || memcmp(out.data, expected.data, out.length) == 0));
    str_release(&out);
    str_release(&expected);
    free(exact);
    return 0;
}
