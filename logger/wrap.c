#include "logger/wrap.h"
#include "base/color.h"
#include "base/json.h"
#include "base/json_write.h"
#include <string.h>

/* Our members of an object, in their order. */
static const char *const names[] = {CONSOLE_JSON_TIME, CONSOLE_JSON_SERVICE, CONSOLE_JSON_STREAM};

enum { MEMBERS = sizeof names / sizeof names[0] };

static const char *const streams[] = {"stdout", "stderr"};

static int pretty_name(const char *name, const struct wrap_pretty *p, struct str *out)
{
    if (p->width <= 0)
        return str_printf(out, "[%s] ", name);
    return str_printf(out, "%s%s%s%-*.200s%s | ", p->color ? "\033[" : "",
                      p->color ? color_of(name) : "", p->color ? "m" : "", p->width, name,
                      p->color ? "\033[0m" : "");
}

int wrap_open(struct wrap *w, enum console_form form, const char *service,
              const struct wrap_pretty *pretty)
{
    *w = (struct wrap){.form = form, .timed = form == CONSOLE_PREFIX && pretty->width > 0};
    if (form == CONSOLE_PREFIX)
        return pretty_name(service, pretty, &w->name);
    return form == CONSOLE_JSON ? json_write_string(&w->name, service, strlen(service), NULL) : 0;
}

/* Behind so many "_". */
static int add_member(const struct wrap *w, int i, size_t before, struct str *out)
{
    if (str_add_char(out, '"') < 0)
        return -1;
    for (; before > 0; before--)
        if (str_add_char(out, '_') < 0)
            return -1;
    if (i == 1)
        return str_printf(out, "%s\":%s,", names[i], w->name.data);
    return str_printf(out, "%s\":\"%s\",", names[i], i == 0 ? w->time : streams[w->stream]);
}

static int begin_object(struct wrap *w, const struct timespec *now)
{
    clock_utc_format(w->time, now);
    for (int i = 0; i < MEMBERS; i++)
        if (add_member(w, i, 0, &w->head) < 0)
            return -1;
    return 0;
}

static int begin_prefix(struct wrap *w, const struct timespec *now)
{
    char when[16] = "";
    struct tm local;
    if (w->timed && localtime_r(&now->tv_sec, &local) != NULL)
        strftime(when, sizeof when, "%H:%M:%S ", &local);
    return str_printf(&w->head, "%s%s", when, w->name.data);
}

int wrap_begin(struct wrap *w, int stream, const struct timespec *now)
{
    w->stream = stream;
    str_clear(&w->head);
    if (w->form == CONSOLE_PREFIX)
        return begin_prefix(w, now);
    return w->form == CONSOLE_JSON ? begin_object(w, now) : 0;
}

/* --- objects --- */

/* Which of our members an object has itself. */
struct taken {
    bool any;
    struct {
        bool same;
        size_t behind; /* how many "_" stand before that name, at most */
    } of[MEMBERS];
};

static void note_name(struct taken *t, const char *text, size_t length)
{
    size_t behind = 0;
    while (behind < length && text[behind] == '_')
        behind++;
    for (int i = 0; i < MEMBERS; i++) {
        if (length - behind != strlen(names[i]) ||
            memcmp(text + behind, names[i], length - behind) != 0)
            continue;
        t->any |= behind == 0;
        t->of[i].same |= behind == 0;
        if (behind > t->of[i].behind)
            t->of[i].behind = behind;
    }
}

/* A name with escapes may be ours as well. */
static void note_escaped(struct taken *t, const struct json_value *name)
{
    struct str plain = STR_INIT;
    if (json_add(name, &plain) == 0 && plain.length > 0)
        note_name(t, plain.data, plain.length);
    str_release(&plain);
}

/* Reads a line that is an object. Its members, without the first brace and what follows the last
 * one, and which of ours it has; false: it is none. */
static bool read_object(const struct line *line, struct line *members, struct taken *t)
{
    struct json j;
    struct json_value name, value;
    int more;
    *t = (struct taken){.any = false};
    if (!line->first || !line->last || !json_begin(&j, line->bytes, line->length, '{'))
        return false;
    const char *from = j.at;
    while ((more = json_next(&j, &name, &value)) > 0) {
        if (memchr(name.text, '\\', name.length) != NULL)
            note_escaped(t, &name);
        else
            note_name(t, name.text, name.length);
    }
    if (more < 0)
        return false;
    const char *end = line->bytes + line->length;
    while (end[-1] != '}')
        end--;
    while (*from == ' ' || *from == '\t' || *from == '\r')
        from++;
    *members = (struct line){.bytes = from, .length = (size_t)(end - from)};
    return true;
}

/* Appends ours of an object that has some of the names itself. */
static void add_other_head(const struct wrap *w, const struct taken *t, struct str *out)
{
    for (int i = 0; i < MEMBERS; i++)
        add_member(w, i, t->of[i].same ? t->of[i].behind + 1 : 0, out);
}

static void add_object(const struct wrap *w, const struct line *line, struct str *out)
{
    struct line members;
    struct taken taken;
    str_add_char(out, '{');
    if (!read_object(line, &members, &taken)) {
        str_add(out, w->head.data, w->head.length);
        str_add_text(out, "\"" CONSOLE_JSON_MESSAGE "\":");
        json_write_string(out, line->bytes, line->length, NULL);
        str_add_text(out, line->last ? "}\n" : ",\"" CONSOLE_JSON_PARTIAL "\":true}\n");
        return;
    }
    if (taken.any)
        add_other_head(w, &taken, out);
    else
        str_add(out, w->head.data, w->head.length);
    if (members.length == 1) /* its brace alone */
        out->length--;       /* the last comma */
    json_write_raw(out, members.bytes, members.length);
    str_add_char(out, '\n');
}

/* --- lines --- */

static void add_prefixed(const struct wrap *w, const struct line *line, struct str *out)
{
    if (!line->first && line->length == 0)
        return;
    str_add(out, w->head.data, w->head.length);
    str_add(out, line->bytes, line->length);
    str_add_char(out, '\n');
}

int wrap_line(const struct wrap *w, const struct line *line, struct str *out)
{
    enum { ESCAPED = 6 /* bytes at most for each */, AROUND = 64 };
    bool object = w->form == CONSOLE_JSON;
    if (str_reserve(out, w->head.length + AROUND + line->length * (object ? ESCAPED : 1)) < 0)
        return -1;
    (object ? add_object : add_prefixed)(w, line, out);
    return 0;
}

void wrap_close(struct wrap *w)
{
    str_release(&w->name);
    str_release(&w->head);
    *w = (struct wrap){.form = CONSOLE_PLAIN};
}
