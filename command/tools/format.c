/* s6-format-filter: each line through a format. */
#include "base/failure.h"
#include "command/commands.h"
#include "command/tools/stream.h"
#include <string.h>

static const char *format;
static char *const *arguments; /* from "%0" on, NULL-terminated */

/* The text for "%C", unless C stands for the line; NULL: there is no such sequence or argument. */
static const char *argument(char c)
{
    int n = c - '0';
    if (c == '%')
        return "%";
    if (n < 0 || n > 9)
        return NULL;
    for (int i = 0; i < n; i++)
        if (arguments[i] == NULL)
            return NULL;
    return arguments[n];
}

static int add_line(struct str *out, const char *bytes, size_t length)
{
    for (const char *at = format; *at != '\0';) {
        size_t plain = strcspn(at, "%");
        if (str_add(out, at, plain) < 0)
            return -1;
        at += plain;
        if (*at == '\0')
            break;
        if ((at[1] == 's' ? str_add(out, bytes, length) : str_add_text(out, argument(at[1]))) < 0)
            return -1;
        at += 2;
    }
    return 0;
}

static bool is_format(const char *text)
{
    for (; (text = strchr(text, '%')) != NULL; text += 2)
        if (text[1] != 's' && argument(text[1]) == NULL)
            return false;
    return true;
}

/* There are no options: a format may begin with a dash. */
static int run_format_filter(struct invocation *c)
{
    static const struct stream_rules rules = {.line = add_line};
    if (c->argc < 2)
        return command_usage(c);
    format = c->argv[1];
    c->argv[1] = c->argv[0];
    arguments = c->argv + 1;
    if (!is_format(format))
        return refuse(EXIT_USAGE,
                      "no format: %s (after %% comes %%, s or the digit of an argument)", format);
    return stream_run(&rules);
}

const struct command command_format[] = {
    {"s6-format-filter", "format [arg...]", "put each line into a format", NULL, run_format_filter},
    {.name = NULL}};
