/* overlog import of units of systemd: settings, what is said of them, and keys of a section. */
#include "base/quantity.h"
#include "command/overlog/conf_program.h"
#include "command/overlog/unit_import.h"
#include "command/overlog/unit_value.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void unit_comment(struct unit_making *m, const struct unit_setting *s, const char *text)
{
    struct str line = STR_INIT;
    str_printf(&line, "# %s:%u: %s=%s%s%s\n", path_name(s->file), s->line, s->key, s->value,
               text[0] == '\0' ? "" : ": ", text);
    bool known = line.data == NULL ||
                 (m->comments.data != NULL && strstr(m->comments.data, line.data) != NULL);
    if (!known)
        str_add_text(&m->comments, line.data);
    str_release(&line);
}

void unit_note(struct unit_making *m, const struct unit_setting *s, const char *format, ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    import_note_at(m->im, s->file, s->line, "%s=%.300s: %s", s->key, s->value, text);
    unit_comment(m, s, text);
}

void unit_note_unknown(struct unit_making *m, const struct unit_setting *s,
                       const struct unit_unknown *unknown)
{
    const char *letters = unknown->letters;
    char list[4 * sizeof unknown->letters] = "";
    size_t n = 0;
    for (const char *p = letters; *p != '\0'; p++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%%%c", n == 0 ? "" : ", ", *p);
    if (n > 0)
        unit_note(m, s,
                  letters[1] == '\0' ? "%s is not known here, and stays as it is"
                                     : "%s are not known here, and stay as they are",
                  list);
}

const struct unit_setting *unit_setting(struct unit_making *m, const char *key)
{
    const struct unit_setting *s = unit_find(&m->u->settings, "Service", key);
    return s == NULL || s->value[0] == '\0' ? NULL : s;
}

/* A copy of any text with its specifiers expanded, about which s is noted. */
static char *expand(struct unit_making *m, const struct unit_setting *s, const char *text)
{
    struct str out = STR_INIT;
    struct unit_unknown unknown = {""};
    unit_specifiers(text, &m->u->names, &out, &unknown);
    unit_note_unknown(m, s, &unknown);
    return out.data == NULL ? strdup("") : out.data;
}

char *unit_value(struct unit_making *m, const struct unit_setting *s)
{
    return s == NULL ? NULL : expand(m, s, s->value);
}

int64_t unit_time_of(struct unit_making *m, const struct unit_setting *s, int64_t fallback)
{
    int64_t ms = s == NULL ? fallback : unit_time(s->value);
    if (ms == UNIT_NO_TIME)
        unit_note(m, s, "this is no time");
    return ms == UNIT_NO_TIME ? fallback : ms;
}

void unit_words(struct unit_making *m, const struct unit_setting *s, struct words *out)
{
    const char *at = s->value;
    struct str word = STR_INIT;
    int more;
    while ((more = unit_word(&at, &word)) == 1) {
        char *text = expand(m, s, word.data);
        if (text != NULL)
            words_add(out, text);
        free(text);
        str_clear(&word);
    }
    if (more < 0)
        unit_note(m, s, "a quote has no end");
    str_release(&word);
}

void unit_put(struct str *out, const char *key, const char *word)
{
    struct str value = STR_INIT;
    unit_conf_word(word, &value);
    conf_key_line(out, key, value.data == NULL ? "" : value.data);
    str_release(&value);
}

void unit_put_time(struct str *out, const char *key, int64_t ms)
{
    char text[QUANTITY_MAX];
    if (ms <= 0 || ms > UINT32_MAX)
        return;
    duration_format((uint32_t)ms, text);
    conf_key_line(out, key, text);
}
