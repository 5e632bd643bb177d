/* overlog import of a supervisord.conf: values of keys, with their expressions expanded. */
#include "command/overlog/supervisord_import.h"
#include <stdlib.h>
#include <string.h>

const char *program_get(const struct supervisord *s, const struct process *p, const char *key)
{
    return ini_get(&s->ini, p->section, key);
}

char *program_expand(const struct supervisord *s, const struct process *p, const char *text)
{
    struct str out = STR_INIT;
    if (!ini_expand(text, &p->names, &out))
        import_note(s->im, p->section, "unknown expression: %s", text);
    if (out.data == NULL)
        str_add_text(&out, "");
    return out.data;
}

char *program_settle(const struct supervisord *s, const char *section, const char *key,
                     const struct ini_names *names)
{
    const char *raw = ini_get(&s->ini, section, key);
    struct str expanded = STR_INIT, out = STR_INIT;
    if (raw == NULL)
        return NULL;
    if (!ini_expand(raw, names, &expanded))
        import_note(s->im, section, "unknown expression: %s", raw);
    enum ini_settled how = ini_settle(expanded.data == NULL ? "" : expanded.data, getenv, &out);
    bool name = strcmp(key, "process_name") == 0; /* any will do */
    if (how == INI_KNOWN || (how == INI_UNKNOWN && name))
        import_note(s->im, section,
                    "%s=%s is decided now, by the environment of overlog import: %s", key, raw,
                    out.data);
    else if (how == INI_UNKNOWN)
        import_note(s->im, section,
                    "%s=%s has to be known now, and is not in the environment of overlog import: "
                    "left out",
                    key, raw);
    str_release(&expanded);
    if (how == INI_UNKNOWN && !name)
        str_release(&out);
    return out.data;
}
