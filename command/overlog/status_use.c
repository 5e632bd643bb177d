/* overlog status --use: what each service uses, the one that uses most first. Pure. */
#include "base/quantity.h"
#include "command/overlog/overlog.h"
#include "command/overlog/status.h"
#include <stdlib.h>
#include <string.h>

enum { TABLE_WIDTH = 80, REST = 54 /* columns of what is no name */ };

static int by_use(const void *a, const void *b)
{
    const struct status_row *x = a, *y = b;
    if (x->use.cpu_permille != y->use.cpu_permille)
        return x->use.cpu_permille < y->use.cpu_permille ? 1 : -1;
    if (x->use.memory != y->use.memory)
        return x->use.memory < y->use.memory ? 1 : -1;
    return strcmp(x->name, y->name);
}

static void put_row(const struct status_row *r, size_t room, struct str *out)
{
    char memory[QUANTITY_MAX], cpu[QUANTITY_MAX];
    quantity_size(r->use.memory, memory);
    quantity_duration(r->use.cpu_ms, cpu);
    put_shown(out, r->name, room);
    if (shown_width(r->name) > room)
        str_printf(out, "\n%*s", (int)room, "");
    str_printf(out, "  %5lld.%lld  %8s  %7s", r->use.cpu_permille / 10, r->use.cpu_permille % 10,
               cpu, memory);
    str_printf(out, "  %5lld  %7lld", r->use.processes, r->use.threads);
    if (r->use.descriptors < 0)
        str_printf(out, "  %5s\n", "-");
    else
        str_printf(out, "  %5lld\n", r->use.descriptors);
}

void status_use_table(struct status *s, struct str *out)
{
    size_t room = strlen("SERVICE");
    qsort(s->row, s->count, sizeof *s->row, by_use);
    for (size_t i = 0; i < s->count; i++) {
        size_t width = shown_width(s->row[i].name);
        room = width > room ? width : room;
    }
    room = room < TABLE_WIDTH - REST ? room : TABLE_WIDTH - REST;
    str_printf(out, "%s%-*s  %7s  %8s  %7s  %5s  %7s  %5s%s\n", style(STYLE_BOLD), (int)room,
               "SERVICE", "CPU%", "CPU TIME", "MEMORY", "PROCS", "THREADS", "FILES",
               style(STYLE_PLAIN));
    for (size_t i = 0; i < s->count; i++)
        if (s->row[i].use.processes > 0)
            put_row(&s->row[i], room, out);
}
