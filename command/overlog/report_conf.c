/* The part of a services.conf that a report about some services has. */
#include "command/overlog/conf_edit.h"
#include "command/overlog/report.h"
#include <string.h>

int report_cut_conf(struct report *r, const struct str *text, struct str *out)
{
    struct conf c = CONF_INIT;
    size_t wanted = 0, before = out->length;
    int result = conf_parse(&c, text->data, text->length);
    if (result == 0 && c.count > 0)
        result = str_add(out, text->data, conf_edit_section(text, &c.section[0]));
    for (size_t i = 0; i < c.count && result == 0; i++) {
        size_t begin = conf_edit_section(text, &c.section[i]);
        size_t end = i + 1 < c.count ? conf_edit_section(text, &c.section[i + 1]) : text->length;
        if (!report_wants_definition(r, c.section[i].name))
            continue;
        wanted++;
        result = str_add(out, text->data + begin, end - begin);
    }
    conf_release(&c);
    if (result == 0 && wanted == 0) {
        out->length = before;
        if (out->data != NULL)
            out->data[before] = '\0';
    }
    return result < 0 ? -1 : wanted > 0;
}

bool report_wants_definition(struct report *r, const char *name)
{
    char base[256];
    size_t n = strlen(name);
    if (report_wants(r, name))
        return true;
    if (n < 2 || n >= sizeof base || name[n - 1] != '@')
        return false;
    /* "worker@" is worker, and all of worker-1 and so on. */
    memcpy(base, name, n);
    base[n - 1] = '\0';
    bool wanted = report_wants(r, base);
    base[n - 1] = '-';
    for (size_t i = 0; r->names[i] != NULL; i++)
        if (strncmp(r->names[i], base, n) == 0) {
            r->found[i] = 1;
            wanted = true;
        }
    return wanted;
}

void report_add_conf(struct report *r, const char *name, const char *path)
{
    size_t count = r->count;
    struct str part = STR_INIT;
    report_add_file(r, name, path);
    if (r->count == count || r->names[0] == NULL || r->file[count].text.length == 0)
        return;
    int result = report_cut_conf(r, &r->file[count].text, &part);
    r->failed |= result < 0;
    r->file[count].hidden = true;
    if (result > 0)
        report_add(r, name, &part);
    str_release(&part);
}
