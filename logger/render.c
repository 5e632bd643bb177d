#include "logger/render.h"
#include "logger/utf8.h"
#include <stdio.h>
#include <string.h>

const struct render_row render_forms[] = {
    [RENDER_SHORT] = {"short", "time to the millisecond, service, message"},
    [RENDER_FULL] = {"full", "time with nine digits and zone, service, stream, message"},
    [RENDER_RAW] = {"raw", "the message alone, byte for byte"},
    [RENDER_JSON] = {"json", "an object a line: time, service, stream, message"},
    [RENDER_CRI] = {"cri", "the form that Kubernetes log collectors read"},
    {0},
};

int render_form_parse(const char *name)
{
    for (int i = 0; render_forms[i].name; i++)
        if (strcmp(name, render_forms[i].name) == 0)
            return i;
    return -1;
}

/* --- time --- */

enum { SHORT_WIDTH = 23, FULL_UTC_WIDTH = 30, FULL_WIDTH = 34 };

static void cache_second(struct render *r, time_t second)
{
    struct tm tm;
    bool utc = r->utc || r->form == RENDER_JSON;
    struct tm *known = utc ? gmtime_r(&second, &tm) : localtime_r(&second, &tm);
    char between = r->form == RENDER_SHORT ? ' ' : 'T';
    int n = 0;
    r->cached = true;
    r->second = second;
    r->text_length = 0;
    if (!known || tm.tm_year > 9999 - 1900 || tm.tm_year < -1900)
        return;
    n = snprintf(r->text, sizeof r->text, "%04d-%02d-%02d%c%02d:%02d:%02d", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, between, tm.tm_hour, tm.tm_min, tm.tm_sec);
    r->text_length = n > 0 ? (size_t)n : 0;
    long minutes = tm.tm_gmtoff / 60;
    char sign = minutes < 0 ? '-' : '+';
    if (minutes < 0)
        minutes = -minutes;
    if (utc)
        strcpy(r->zone, "Z");
    else
        snprintf(r->zone, sizeof r->zone, "%c%02ld%02ld", sign, minutes / 60 % 100, minutes % 60);
}

/* False: the time is not known, or no calendar has it. */
static bool add_time(struct render *r, const struct timespec *t, int digits, struct str *out)
{
    char fraction[10];
    if (t->tv_sec == 0 && t->tv_nsec == 0)
        return false;
    if (!r->cached || r->second != t->tv_sec)
        cache_second(r, t->tv_sec);
    if (r->text_length == 0)
        return false;
    long value = t->tv_nsec;
    for (int i = 8; i >= 0; i--, value /= 10)
        fraction[i] = (char)('0' + value % 10);
    str_add(out, r->text, r->text_length);
    str_add_char(out, '.');
    return str_add(out, fraction, (size_t)digits) == 0;
}

static int add_spaces(struct str *out, size_t count)
{
    static const char spaces[] = "                                ";
    while (count > 0) {
        size_t n = count < sizeof spaces - 1 ? count : sizeof spaces - 1;
        if (str_add(out, spaces, n) < 0)
            return -1;
        count -= n;
    }
    return 0;
}

/* --- colour --- */

static const char *const palette[] = {"36", "33", "32", "35", "34", "96", "93", "92", "95", "94"};

/* By the name alone, so that a service has its colour in every run and beside any other. */
static const char *color_of(const char *name)
{
    unsigned int hash = 2166136261U;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619U;
    return palette[hash % (sizeof palette / sizeof palette[0])];
}

static void add_color(struct str *out, const char *code)
{
    str_add_text(out, "\033[");
    str_add_text(out, code);
    str_add_char(out, 'm');
}

/* --- forms --- */

int render_caret(const char *bytes, size_t length, struct str *out)
{
    size_t plain = 0; /* begin of what can go out as it is */
    for (size_t i = 0; i < length;) {
        char shown[16];
        unsigned char c = (unsigned char)bytes[i];
        unsigned int point = c;
        size_t n = c < 0x80 ? 1 : utf8_decode(bytes + i, length - i, &point);
        bool control = point < 0x20 || point == 0x7f;
        if (n > 0 && (control ? c == '\t' : !utf8_is_harmful(point))) {
            i += n;
            continue;
        }
        if (n == 0)
            snprintf(shown, sizeof shown, "\\x%02x", c);
        else if (control)
            snprintf(shown, sizeof shown, "^%c", (int)(point ^ 0x40));
        else
            snprintf(shown, sizeof shown, "\\u%04x", point);
        str_add(out, bytes + plain, i - plain);
        str_add_text(out, shown);
        i += n > 0 ? n : 1;
        plain = i;
    }
    return str_add(out, bytes + plain, length - plain);
}

static int add_message(const struct render *r, const struct entry *entry, struct str *out)
{
    if (r->caret)
        return render_caret(entry->message, entry->length, out);
    return str_add(out, entry->message, entry->length);
}

static void add_name(const struct render *r, const char *name, struct str *out)
{
    size_t length = strlen(name), before = out->length;
    if (!r->names)
        return;
    if (r->color)
        add_color(out, color_of(name));
    if (r->caret) {
        size_t begin = out->length;
        render_caret(name, length, out);
        length = out->length > begin ? out->length - begin : 0;
    } else {
        str_add(out, name, length);
    }
    if (r->color && out->length > before)
        add_color(out, "0");
    add_spaces(out, (length < r->width ? r->width - length : 0) + 1);
}

static int add_text_form(struct render *r, const char *name, const struct entry *entry,
                         struct str *out)
{
    static const char *const streams[] = {"-   ", "out ", "err "};
    bool full = r->form == RENDER_FULL;
    bool marked = r->color && entry->stream == STREAM_ERR;
    if (add_time(r, &entry->time, full ? 9 : 3, out)) {
        if (full)
            str_add_text(out, r->zone);
        str_add_char(out, ' ');
    } else {
        str_add_char(out, '-');
        add_spaces(out, !full ? SHORT_WIDTH : r->utc ? FULL_UTC_WIDTH : FULL_WIDTH);
    }
    add_name(r, name, out);
    if (full)
        str_add_text(out, streams[entry->stream]);
    if (marked)
        add_color(out, "31");
    int result = add_message(r, entry, out);
    if (marked)
        add_color(out, "0");
    return result;
}

static int add_json_string(struct str *out, const char *bytes, size_t length, bool *lossy)
{
    size_t plain = 0;
    str_add_char(out, '"');
    for (size_t i = 0; i < length;) {
        char shown[16];
        unsigned char c = (unsigned char)bytes[i];
        unsigned int point = c;
        size_t n = c < 0x80 ? 1 : utf8_decode(bytes + i, length - i, &point);
        if (n > 0 && c >= 0x20 && c != '"' && c != '\\' && point != 0x7f &&
            !utf8_is_harmful(point)) {
            i += n;
            continue;
        }
        if (n == 0) {
            *lossy = true;
            strcpy(shown, "\\ufffd");
        } else if (c == '"' || c == '\\') {
            snprintf(shown, sizeof shown, "\\%c", c);
        } else if (c == '\t') {
            strcpy(shown, "\\t");
        } else {
            snprintf(shown, sizeof shown, "\\u%04x", point);
        }
        str_add(out, bytes + plain, i - plain);
        str_add_text(out, shown);
        i += n > 0 ? n : 1;
        plain = i;
    }
    str_add(out, bytes + plain, length - plain);
    return str_add_char(out, '"');
}

static int add_base64(struct str *out, const char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        unsigned int group = 0;
        char text[4];
        size_t n = length - i < 3 ? length - i : 3;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (k < n ? (unsigned char)bytes[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            text[k] = k <= n ? digits[group >> (18 - 6 * k) & 63] : '=';
        if (str_add(out, text, 4) < 0)
            return -1;
    }
    return 0;
}

static int add_json(struct render *r, const char *name, const struct entry *entry, struct str *out)
{
    bool lossy = false, name_lossy = false;
    size_t begin = out->length;
    str_add_text(out, "{\"time\":\"");
    if (add_time(r, &entry->time, 9, out)) {
        str_add_text(out, "Z\"");
    } else {
        out->length = begin;
        str_add_text(out, "{\"time\":null");
    }
    if (r->names) {
        str_add_text(out, ",\"service\":");
        add_json_string(out, name, strlen(name), &name_lossy);
    }
    if (entry->stream != STREAM_UNKNOWN)
        str_add_text(out, entry->stream == STREAM_ERR ? ",\"stream\":\"stderr\""
                                                      : ",\"stream\":\"stdout\"");
    str_add_text(out, ",\"message\":");
    add_json_string(out, entry->message, entry->length, &lossy);
    if (lossy) {
        str_add_text(out, ",\"base64\":\"");
        add_base64(out, entry->message, entry->length);
        str_add_char(out, '"');
    }
    return str_add_char(out, '}');
}

static int add_cri(struct render *r, const struct entry *entry, struct str *out)
{
    char stamp[STAMP_MAX];
    enum stamp_stream stream = entry->stream == STREAM_ERR ? STREAM_ERR : STREAM_OUT;
    str_add(out, stamp, stamp_format(stamp, STAMP_CRI, &entry->time, stream, entry->cut));
    return add_message(r, entry, out);
}

int render_entry(struct render *r, const char *name, const struct entry *entry, struct str *out)
{
    /* The largest growth of the fixed parts at once: what follows then fails as a whole or not. */
    if (str_reserve(out, entry->length + strlen(name) + r->width + 256) < 0)
        return -1;
    switch (r->form) {
    case RENDER_SHORT:
    case RENDER_FULL:
        add_text_form(r, name, entry, out);
        break;
    case RENDER_RAW:
        add_message(r, entry, out);
        break;
    case RENDER_JSON:
        add_json(r, name, entry, out);
        break;
    case RENDER_CRI:
        add_cri(r, entry, out);
        break;
    }
    return str_add_char(out, '\n');
}
