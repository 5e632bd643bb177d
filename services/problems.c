#include "services/problems.h"
#include "base/error.h"
#include "base/message.h"
#include "base/str.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_BACK = 64 };

/* Whether the same was said of late: one file may be looked at for the sake of several. */
static bool is_said(const struct problems *p, bool warning, const char *path, unsigned int line,
                    const char *text)
{
    for (size_t i = p->count; i > 0 && p->count - i < LOOK_BACK; i--) {
        const struct problem *o = &p->item[i - 1];
        if (o->warning == warning && o->line == line && strcmp(o->path, path) == 0 &&
            strcmp(o->text, text) == 0)
            return true;
    }
    return false;
}

/* Where a problem is, and its cure or NULL. */
struct place {
    const char *path;
    unsigned int line;
    const char *cure;
};

static int keep(struct problems *p, bool warning, const struct place *place, const char *text)
{
    struct problem one = {.warning = warning, .line = place->line};
    if (LIST_ROOM(p->item, p->count, p->capacity) < 0)
        return -1;
    one.path = strdup(place->path);
    one.text = strdup(text);
    if (one.path == NULL || one.text == NULL) {
        free(one.path);
        free(one.text);
        return -1;
    }
    one.cure = place->cure == NULL ? NULL : strdup(place->cure);
    p->item[p->count++] = one;
    return 0;
}

/* code: EXIT_..., 0 for a warning. */
__attribute__((format(printf, 4, 0))) static void
add_problem(struct problems *p, int code, struct place place, const char *format, va_list list)
{
    char text[1024], path[4096];
    vsnprintf(text, sizeof text, format, list);
    if (p->place != NULL) {
        snprintf(path, sizeof path, "%s", place.path);
        p->place(p->context, path, &place.line);
        place.path = path;
    }
    if (is_said(p, code == 0, place.path, place.line, text))
        return;
    if (code != 0)
        p->errors++;
    if (p->code == 0)
        p->code = code;
    if (keep(p, code == 0, &place, text) < 0 && code != 0)
        p->lost++;
}

void problems_error(struct problems *p, const char *path, unsigned int line, const char *cure,
                    const char *format, ...)
{
    va_list list;
    va_start(list, format);
    add_problem(p, EXIT_FAILURE, (struct place){path, line, cure}, format, list);
    va_end(list);
}

void problems_elsewhere(struct problems *p, size_t since)
{
    for (size_t i = since; i < p->count; i++)
        p->item[i].absent = true;
}

void problems_excuse(struct problems *p)
{
    static const char other[] = "nothing, if the image's base or another COPY has it; else ";
    for (size_t i = 0; i < p->count; i++) {
        struct problem *one = &p->item[i];
        struct str cure = STR_INIT;
        if (!one->absent || one->warning)
            continue;
        one->warning = true;
        p->errors--;
        if (str_printf(&cure, "%s%s", other, one->cure == NULL ? "correct it" : one->cure) < 0)
            continue;
        free(one->cure);
        one->cure = cure.data;
    }
}

void problems_system(struct problems *p, const char *path, unsigned int line, const char *cure,
                     const char *format, ...)
{
    va_list list;
    va_start(list, format);
    add_problem(p, EXIT_SYSTEM, (struct place){path, line, cure}, format, list);
    va_end(list);
}

void problems_warning(struct problems *p, const char *path, unsigned int line, const char *cure,
                      const char *format, ...)
{
    va_list list;
    va_start(list, format);
    add_problem(p, 0, (struct place){path, line, cure}, format, list);
    va_end(list);
}

static void say_one(const struct problem *p)
{
    char place[16] = "";
    if (p->line > 0)
        snprintf(place, sizeof place, ":%u", p->line);
    void (*speak)(const char *, ...) = p->warning ? message_warning : message_fatal;
    speak("%s%s: %s%s%s", p->path, place, p->text, p->cure == NULL ? "" : "; ",
          p->cure == NULL ? "" : p->cure);
}

void problems_say(const struct problems *p)
{
    for (size_t i = 0; i < p->count; i++)
        say_one(&p->item[i]);
    if (p->lost > 0)
        message_fatal("out of memory: not all that is wrong could be kept");
}

void problems_release(struct problems *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->item[i].path);
        free(p->item[i].text);
        free(p->item[i].cure);
    }
    free(p->item);
    *p = (struct problems){.item = NULL};
}
