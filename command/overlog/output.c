/* Output that the verbs of `overlog` share. */
#include "base/clock.h"
#include "base/error.h"
#include "base/failure.h"
#include "base/json_write.h"
#include "base/quantity.h"
#include "base/utf8.h"
#include "command/overlog/overlog.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- JSON ------------------------------------------------------------------------------------- */

static void json_key(struct str *out, const char *key)
{
    if (out->length > 0 && strchr("[{", out->data[out->length - 1]) == NULL)
        str_add_char(out, ',');
    if (key == NULL)
        return;
    json_write_string(out, key, strlen(key), NULL);
    str_add_char(out, ':');
}

void json_string(struct str *out, const char *key, const char *text)
{
    json_key(out, key);
    if (text == NULL)
        str_add_text(out, "null");
    else
        json_write_string(out, text, strlen(text), NULL);
}

void json_number(struct str *out, const char *key, long long number)
{
    json_key(out, key);
    str_printf(out, "%lld", number);
}

void json_number_or_null(struct str *out, const char *key, long long number)
{
    if (number < 0)
        json_string(out, key, NULL);
    else
        json_number(out, key, number);
}

void json_time(struct str *out, const char *key, const struct timespec *t)
{
    char text[CLOCK_UTC_LENGTH + 1];
    clock_utc_format(text, t);
    text[CLOCK_UTC_LENGTH] = '\0';
    json_string(out, key, clock_is_set(t) ? text : NULL);
}

void json_bool(struct str *out, const char *key, bool value)
{
    json_key(out, key);
    str_add_text(out, value ? "true" : "false");
}

void json_open(struct str *out, const char *key, char bracket)
{
    json_key(out, key);
    str_add_char(out, bracket);
}

void json_close(struct str *out, char bracket)
{
    str_add_char(out, bracket);
}

/* --- text ------------------------------------------------------------------------------------- */

const char *style(enum style s)
{
    static const char *const sequence[] = {
        [STYLE_PLAIN] = "\033[m",   [STYLE_BOLD] = "\033[1m",    [STYLE_RED] = "\033[31m",
        [STYLE_GREEN] = "\033[32m", [STYLE_YELLOW] = "\033[33m", [STYLE_DIM] = "\033[2m"};
    const char *terminal = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool dull = (no_color && *no_color) || terminal == NULL || strcmp(terminal, "dumb") == 0;
    return dull || !isatty(STDOUT_FILENO) ? "" : sequence[s];
}

void put_shown(struct str *out, const char *text, size_t width)
{
    size_t begin = out->length;
    utf8_visible(text, strlen(text), out);
    while (out->length - begin < width && str_add_char(out, ' ') == 0) {
    }
}

void print_shown(const char *format, ...)
{
    char text[16384];
    struct str out = STR_INIT;
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    put_shown(&out, text, 0);
    fputs(out.data == NULL ? "" : out.data, stdout);
    str_release(&out);
}

size_t shown_width(const char *text)
{
    struct str out = STR_INIT;
    put_shown(&out, text, 0);
    size_t width = out.length;
    str_release(&out);
    return width;
}

void put_span(struct str *out, long long ms)
{
    char text[QUANTITY_MAX];
    quantity_duration(ms, text);
    if (ms >= 0 && ms < 10000)
        str_printf(out, "%lld.%llds", ms / 1000, ms / 100 % 10);
    else
        str_add_text(out, text);
}

int put_all(struct str *out)
{
    bool good = fwrite(out->data, 1, out->length, stdout) == out->length && fflush(stdout) == 0;
    str_release(out);
    if (good)
        return 0;
    return refuse(EXIT_SYSTEM, "unable to write to standard output");
}
