#include "logcat/render.h"
#include "base/color.h"
#include "base/json_write.h"
#include "base/utf8.h"
#include "logcat/members.h"
#include "logcat/pretty.h"
#include <stdio.h>
#include <string.h>

const char *const render_forms[] = {[RENDER_SHORT] = "short",
                                    [RENDER_FULL] = "full",
                                    [RENDER_RAW] = "raw",
                                    [RENDER_JSON] = "json",
                                    [RENDER_CRI] = "cri",
                                    [RENDER_PRETTY] = "pretty",
                                    NULL};

int render_form_parse(const char *name)
{
    for (int i = 0; render_forms[i]; i++)
        if (strcmp(name, render_forms[i]) == 0)
            return i;
    return -1;
}

/* Appends bytes for which there is room, without memcpy: they are few, and its call would cost
 * more.
 */
static void put_bytes(struct str *out, const char *bytes, size_t length)
{
    char *to = out->data + out->length;
    size_t i = 0;
    out->length += length;
    if (length > 128) {
        memcpy(to, bytes, length);
        return;
    }
    for (; i + 8 <= length; i += 8)
        memcpy(to + i, bytes + i, 8);
    for (; i < length; i++)
        to[i] = bytes[i];
}

/* --- time --- */

enum {
    SHORT_WIDTH = 23,
    FULL_UTC_WIDTH = 30,
    FULL_WIDTH = 34,
    NANO = 1,
    TIME_MOST = 9 * sizeof((struct render *)NULL)->text /* bytes that add_time appends at most */
};

static bool is_text_form(const struct render *r)
{
    return r->form == RENDER_SHORT || r->form == RENDER_FULL || r->form == RENDER_PRETTY;
}

/* As strftime, but %N gives the byte NANO, which add_time replaces. */
static size_t format_time(const char *format, const struct tm *tm, char *text, size_t size)
{
    char own[128];
    size_t n = 0;
    for (; *format && n + 3 < sizeof own; format++) {
        if (format[0] == '%' && format[1] == 'N') {
            own[n++] = NANO;
            format++;
            continue;
        }
        own[n++] = *format;
        if (format[0] == '%' && format[1])
            own[n++] = *++format;
    }
    own[n] = '\0';
    /* Through a pointer: the format is meant to be the user's. */
    size_t (*const format_own)(char *, size_t, const char *, const struct tm *) = strftime;
    return format_own(text, size, own, tm);
}

/* Changes the cached text to another second of the same minute: offsets of time zones change
 * between minutes only. False: it is another minute. */
static bool patch_second(struct render *r, time_t second)
{
    time_t in_minute = second - r->minute;
    if (!r->cached || in_minute < 0 || in_minute > 59 || r->text_length == 0 || r->time_format)
        return false;
    r->second = second;
    r->text[r->text_length - 2] = (char)('0' + in_minute / 10);
    r->text[r->text_length - 1] = (char)('0' + in_minute % 10);
    return true;
}

static void cache_second(struct render *r, time_t second)
{
    struct tm tm;
    if (patch_second(r, second))
        return;
    bool utc = r->utc || r->form == RENDER_JSON;
    struct tm *known = utc ? gmtime_r(&second, &tm) : localtime_r(&second, &tm);
    char between = r->form == RENDER_SHORT || r->form == RENDER_PRETTY ? ' ' : 'T';
    int n = 0;
    r->cached = true;
    r->second = second;
    r->minute = second - (known ? tm.tm_sec : 0);
    r->text_length = 0;
    if (!known || tm.tm_year > 9999 - 1900 || tm.tm_year < -1900)
        return;
    if (r->time_format && is_text_form(r)) {
        r->text_length = format_time(r->time_format, &tm, r->text, sizeof r->text);
        return;
    }
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

/* Appends a time, for which there is room. False: it is not known, or beyond the calendar. */
static bool add_time(struct render *r, const struct timespec *t, int digits, struct str *out)
{
    char fraction[10] = {'.'};
    if (t->tv_sec == 0 && t->tv_nsec == 0)
        return false;
    if (!r->cached || r->second != t->tv_sec)
        cache_second(r, t->tv_sec);
    if (r->text_length == 0)
        return false;
    long value = t->tv_nsec;
    for (int i = 9; i > 0; i--, value /= 10)
        fraction[i] = (char)('0' + value % 10);
    if (r->time_format && is_text_form(r)) {
        for (size_t i = 0; i < r->text_length; i++)
            put_bytes(out, r->text[i] == NANO ? fraction + 1 : r->text + i,
                      r->text[i] == NANO ? 9 : 1);
        return true;
    }
    put_bytes(out, r->text, r->text_length);
    put_bytes(out, fraction, (size_t)digits + 1);
    return true;
}

int render_time(struct render *r, const struct timespec *t, struct str *out)
{
    if (str_reserve(out, TIME_MOST + 1) < 0)
        return -1;
    return add_time(r, t, 3, out) ? 0 : str_add_char(out, '-');
}

static void add_spaces(struct str *out, size_t count)
{
    memset(out->data + out->length, ' ', count);
    out->length += count;
}

/* --- colour --- */

static void add_color(struct str *out, const char *code)
{
    str_add_text(out, "\033[");
    str_add_text(out, code);
    str_add_char(out, 'm');
}

/* --- forms --- */

static int add_part(const struct render *r, const char *bytes, size_t length, struct str *out)
{
    return r->caret ? utf8_visible(bytes, length, out) : str_add(out, bytes, length);
}

/* Finds the first match of any mark at `from` or behind, of those that can be seen. */
static bool find_mark(const struct render *r, const struct entry *entry, size_t from,
                      struct pattern_place *first)
{
    struct pattern_place place;
    bool found = false;
    for (size_t i = 0; i < r->marks; i++) {
        if (!pattern_find_behind(&r->mark[i], entry->message, entry->length, from, &place) ||
            (found && place.begin >= first->begin))
            continue;
        *first = place;
        found = true;
    }
    return found;
}

static int add_marked(const struct render *r, const struct entry *entry, struct str *out)
{
    struct pattern_place place = {0};
    size_t at = 0;
    while (at < entry->length && find_mark(r, entry, at, &place)) {
        add_part(r, entry->message + at, place.begin - at, out);
        add_color(out, "7");
        add_part(r, entry->message + place.begin, place.end - place.begin, out);
        add_color(out, "27");
        at = place.end;
    }
    return add_part(r, entry->message + at, entry->length - at, out);
}

static int add_message(const struct render *r, const struct entry *entry, struct str *out)
{
    if (r->form == RENDER_PRETTY && pretty_add(entry->message, entry->length, r->caret, out))
        return 0;
    if (r->color && r->marks > 0)
        return add_marked(r, entry, out);
    if (r->caret)
        return utf8_visible(entry->message, entry->length, out);
    put_bytes(out, entry->message, entry->length);
    return 0;
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
        utf8_visible(name, length, out);
        length = out->length > begin ? out->length - begin : 0;
    } else {
        put_bytes(out, name, length);
    }
    size_t shown = utf8_width(out->data + out->length - length, length);
    if (r->color && out->length > before)
        add_color(out, "0");
    length = shown;
    add_spaces(out, (length < r->width ? r->width - length : 0) + 1);
}

static int add_text_form(struct render *r, const char *name, const struct entry *entry,
                         struct str *out)
{
    static const char streams[][5] = {"-   ", "out ", "err "};
    bool full = r->form == RENDER_FULL;
    const char *color = severity_color(entry->severity);
    if (entry->severity == SEVERITY_UNKNOWN && entry->stream == STREAM_ERR)
        color = "31";
    bool marked = r->color && color;
    if (r->time_format && !*r->time_format) {
        /* no time at all */
    } else if (add_time(r, &entry->time, full ? 9 : 3, out)) {
        if (full && !r->time_format)
            put_bytes(out, r->zone, strlen(r->zone));
        put_bytes(out, " ", 1);
    } else {
        put_bytes(out, "-", 1);
        if (r->time_format)
            add_spaces(out, 1);
        else
            add_spaces(out, !full ? SHORT_WIDTH : r->utc ? FULL_UTC_WIDTH : FULL_WIDTH);
    }
    add_name(r, name, out);
    if (full)
        put_bytes(out, streams[entry->stream], 4);
    if (marked)
        add_color(out, color);
    int result = add_message(r, entry, out);
    if (marked)
        add_color(out, "0");
    return result;
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
    bool lossy = false;
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
        json_write_string(out, name, strlen(name), NULL);
    }
    if (entry->stream != STREAM_UNKNOWN)
        str_add_text(out, entry->stream == STREAM_ERR ? ",\"stream\":\"stderr\""
                                                      : ",\"stream\":\"stdout\"");
    str_add_text(out, ",\"message\":");
    json_write_string(out, entry->message, entry->length, &lossy);
    if (lossy) {
        str_add_text(out, ",\"base64\":\"");
        add_base64(out, entry->message, entry->length);
        str_add_char(out, '"');
    }
    if (entry->cut)
        str_add_text(out, ",\"truncated\":true");
    if (r->parse)
        members_add(entry, out);
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
    /* Room for all that put_bytes and add_spaces may append, and a name with every byte escaped. */
    if (str_reserve(out, entry->length + 6 * strlen(name) + r->width + TIME_MOST + 1024) < 0)
        return -1;
    if (entry->apart && is_text_form(r))
        put_bytes(out, "--\n", 3);
    switch (r->form) {
    case RENDER_SHORT:
    case RENDER_FULL:
    case RENDER_PRETTY:
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
