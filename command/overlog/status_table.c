/* The status as a table, as JSON, and as what is not well. Pure. */
#include "base/quantity.h"
#include "base/signals.h"
#include "command/overlog/job.h"
#include "command/overlog/overlog.h"
#include "command/overlog/status.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TABLE_WIDTH = 80,
    USE_WIDTH = 54 /* of --use, but for the names */,
    GAP = 2,
    COLUMNS = 8,
    CELL_MAX = 40
};

/* --- ends ------------------------------------------------------------------------------------- */

static void memory_text(long long limit, char *out, size_t size)
{
    char bytes[QUANTITY_MAX];
    quantity_size(limit, bytes);
    if (limit < 0)
        snprintf(out, size, "out of memory");
    else
        snprintf(out, size, "out of memory, limit %s", bytes);
}

void status_end_text(const struct status_end *e, char *out, size_t size)
{
    char more[64] = "", signal[SIGNAL_TEXT_MAX];
    signal_text((int)e->signal, signal);
    if (e->oom)
        memory_text(e->limit, more, sizeof more);
    else if (e->core)
        snprintf(more, sizeof more, "core dumped");
    int n = e->signal < 0 && e->code < 0 ? snprintf(out, size, "-")
            : e->signal >= 0             ? snprintf(out, size, "%s", signal)
                                         : snprintf(out, size, "exit %lld", e->code);
    if (more[0] != '\0' && n >= 0 && (size_t)n < size)
        snprintf(out + n, size - (size_t)n, " (%s)", more);
}

struct status_end status_end_of(const struct status *s, const struct status_row *r)
{
    return (struct status_end){.code = r->code,
                               .signal = r->signal,
                               .limit = s->memory_limit,
                               .oom = r->oom,
                               .core = r->core};
}

/* --- the table -------------------------------------------------------------------------------- */

enum style status_style(const struct status_row *r)
{
    if (status_row_is_well(r))
        return status_row_is(r, "up") ? STYLE_GREEN : STYLE_DIM;
    return status_row_is(r, "failed") || r->why[0] != '\0' || status_row_is(r, "down")
               ? STYLE_RED
               : STYLE_YELLOW;
}

struct cells {
    char text[COLUMNS][CELL_MAX];
};

static const struct cells titles = {
    {"STATE", "PID", "FOR", "READY", "RESTARTS", "LAST END", "LOG", "/MIN"}};

enum { STATE = 0, PID, FOR, IS_READY, RESTARTS, LAST_END, LOG, LOG_RATE };

static bool is_left(int column)
{
    return column == STATE || column == LAST_END;
}

/* "SIGSEGV 5m 2s": how, and how long ago. */
static void last_end(const struct status_row *r, char out[CELL_MAX])
{
    char end[CELL_MAX - QUANTITY_MAX], ago[QUANTITY_MAX] = "";
    struct status_end e = {.code = r->code, .signal = r->signal};
    status_end_text(&e, end, sizeof end);
    if (r->died_ms >= 0)
        quantity_duration(r->died_ms, ago);
    snprintf(out, CELL_MAX, "%s%s%s", end, ago[0] == '\0' ? "" : " ", ago);
}

static void fill(const struct status_row *r, struct cells *c)
{
    bool says_ready = !status_row_is_oneshot(r) && r->pid >= 0;
    snprintf(c->text[STATE], CELL_MAX, "%s", r->state);
    snprintf(c->text[PID], CELL_MAX, r->pid > 0 ? "%lld" : "-", r->pid);
    quantity_duration(r->ms, c->text[FOR]);
    snprintf(c->text[IS_READY], CELL_MAX, "%s", !says_ready ? "-" : r->ready ? "yes" : "no");
    snprintf(c->text[RESTARTS], CELL_MAX, r->starts >= 0 ? "%lld" : "-", status_restarts(r));
    last_end(r, c->text[LAST_END]);
    quantity_size(r->log_bytes, c->text[LOG]);
    quantity_size(r->log_rate, c->text[LOG_RATE]);
}

static void widen(size_t width[COLUMNS], const struct cells *c)
{
    for (int i = 0; i < COLUMNS; i++)
        if (strlen(c->text[i]) > width[i])
            width[i] = strlen(c->text[i]);
}

static void put_cells(struct str *out, const struct cells *c, const size_t width[COLUMNS],
                      enum style state)
{
    for (int i = 0; i < COLUMNS; i++) {
        bool last = i == COLUMNS - 1;
        str_printf(out, "%*s%s", GAP, "", i == STATE ? style(state) : "");
        str_printf(out, is_left(i) && !last ? "%-*s" : "%*s", (int)width[i], c->text[i]);
        str_add_text(out, i == STATE && state != STYLE_BOLD ? style(STYLE_PLAIN) : "");
    }
    str_printf(out, "%s\n", state == STYLE_BOLD ? style(STYLE_PLAIN) : "");
}

/* What the cells have no room for, in lines of their own. */
static void put_more(const struct status *s, const struct status_row *r, struct str *out)
{
    if (r->why[0] != '\0') {
        str_add_text(out, "    ");
        put_shown(out, r->why, 0);
        str_add_char(out, '\n');
    }
    if (r->restart[0] != '\0' && (status_row_is(r, "failed") || status_row_is(r, "waiting")))
        str_printf(out, "    restart: %s\n", r->restart);
    if (r->says[0] != '\0') {
        str_add_text(out, "    says: ");
        put_shown(out, r->says, 0);
        str_add_char(out, '\n');
    }
    if (job_is(&r->job)) {
        str_add_text(out, "    job: ");
        job_text(&r->job, &s->now, out);
        str_add_char(out, '\n');
    }
    if (r->floods)
        str_printf(out, "    %sfloods its log%s\n", style(STYLE_YELLOW), style(STYLE_PLAIN));
    if (r->oom || r->core) {
        char end[CELL_MAX * 2];
        struct status_end e = status_end_of(s, r);
        status_end_text(&e, end, sizeof end);
        str_printf(out, "    last end: %s\n", end);
    }
}

static void put_name(struct str *out, const char *name, size_t room)
{
    put_shown(out, name, room);
    if (shown_width(name) > room) /* a line of its own, so that columns stay columns */
        str_printf(out, "\n%*s", (int)room, "");
}

/* rest: columns that the other cells take. */
static size_t room_of_names(const struct status *s, size_t rest)
{
    size_t room = strlen("SERVICE");
    for (size_t i = 0; i < s->count; i++) {
        size_t length = shown_width(s->row[i].name);
        room = length > room ? length : room;
    }
    if (room + rest <= TABLE_WIDTH)
        return room;
    return rest + strlen("SERVICE") < TABLE_WIDTH ? TABLE_WIDTH - rest : strlen("SERVICE");
}

static void put_rows(const struct status *s, struct cells *cells, struct str *out)
{
    size_t width[COLUMNS] = {0}, rest = 0;
    widen(width, &titles);
    for (size_t i = 0; i < s->count; i++) {
        fill(&s->row[i], &cells[i]);
        widen(width, &cells[i]);
    }
    for (int i = 0; i < COLUMNS; i++)
        rest += GAP + width[i];
    size_t room = room_of_names(s, rest);
    str_printf(out, "%s%-*s", style(STYLE_BOLD), (int)room, "SERVICE");
    put_cells(out, &titles, width, STYLE_BOLD);
    for (size_t i = 0; i < s->count; i++) {
        put_name(out, s->row[i].name, room);
        put_cells(out, &cells[i], width, status_style(&s->row[i]));
        put_more(s, &s->row[i], out);
    }
}

void status_table(const struct status *s, struct str *out)
{
    size_t wanted = 0, well = 0;
    char since[QUANTITY_MAX];
    struct cells *cells = calloc(s->count + 1, sizeof *cells);
    if (s->count > 0 && cells != NULL)
        put_rows(s, cells, out);
    free(cells);
    for (size_t i = 0; i < s->count; i++) {
        wanted += s->row[i].wanted;
        well += s->row[i].wanted && status_row_is_well(&s->row[i]);
    }
    quantity_duration(s->ms, since);
    str_printf(out, "%s for %s, %zu of %zu services up and ready\n", s->stage, since, well, wanted);
}

/* --- what they use, the one that uses most first ---------------------------------------------- */

static int by_use(const void *a, const void *b)
{
    const struct status_row *x = a, *y = b;
    if (x->use.cpu_permille != y->use.cpu_permille)
        return x->use.cpu_permille < y->use.cpu_permille ? 1 : -1;
    if (x->use.memory != y->use.memory)
        return x->use.memory < y->use.memory ? 1 : -1;
    return strcmp(x->name, y->name);
}

static void put_use(const struct status_row *r, size_t room, struct str *out)
{
    char memory[QUANTITY_MAX], cpu[QUANTITY_MAX];
    quantity_size(r->use.memory, memory);
    quantity_duration(r->use.cpu_ms, cpu);
    put_name(out, r->name, room);
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
    size_t room = room_of_names(s, USE_WIDTH);
    qsort(s->row, s->count, sizeof *s->row, by_use);
    str_printf(out, "%s%-*s  %7s  %8s  %7s  %5s  %7s  %5s%s\n", style(STYLE_BOLD), (int)room,
               "SERVICE", "CPU%", "CPU TIME", "MEMORY", "PROCS", "THREADS", "FILES",
               style(STYLE_PLAIN));
    for (size_t i = 0; i < s->count; i++)
        if (s->row[i].use.processes > 0)
            put_use(&s->row[i], room, out);
}

/* --- for programs ----------------------------------------------------------------------------- */

void status_use_json(const struct usage *u, struct str *out)
{
    json_open(out, "uses", '{');
    json_number(out, "processes", u->processes);
    json_number(out, "threads", u->threads);
    json_number(out, "cpu_milliseconds", u->cpu_ms);
    json_number(out, "cpu_permille", u->cpu_permille);
    json_number(out, "memory_bytes", u->memory);
    json_number_or_null(out, "descriptors", u->descriptors);
    json_close(out, '}');
}

void status_row_json(const struct status_row *r, struct str *out)
{
    json_string(out, "name", r->name);
    json_string(out, "type", r->type);
    json_string(out, "state", r->state);
    json_bool(out, "wanted", r->wanted);
    json_bool(out, "ready", r->ready);
    json_bool(out, "well", status_row_is_well(r));
    json_number_or_null(out, "pid", r->pid);
    json_number_or_null(out, "milliseconds", r->ms);
    json_number_or_null(out, "ready_milliseconds", r->ready_ms);
    if (r->starts >= 0)
        json_number(out, "restarts", status_restarts(r));
}

static void row_json(const struct status_row *r, struct str *out)
{
    json_open(out, NULL, '{');
    status_row_json(r, out);
    json_number_or_null(out, "last_exit_code", r->code);
    json_number_or_null(out, "last_signal", r->signal);
    if (r->oom)
        json_bool(out, "last_end_out_of_memory", true);
    if (r->core)
        json_bool(out, "last_end_core_dumped", true);
    if (r->died_ms >= 0)
        json_number(out, "last_end_milliseconds_ago", r->died_ms);
    if (r->why[0] != '\0')
        json_string(out, "why", r->why);
    if (r->restart[0] != '\0')
        json_string(out, "restart", r->restart);
    if (r->says[0] != '\0')
        json_string(out, "says", r->says);
    if (job_is(&r->job))
        job_json(&r->job, out);
    if (r->log[0] != '\0') {
        json_string(out, "log", r->log);
        json_number_or_null(out, "log_bytes", r->log_bytes);
        json_number_or_null(out, "log_bytes_a_minute", r->log_rate);
        json_number_or_null(out, "log_bytes_written", r->log_written);
        if (r->floods)
            json_bool(out, "floods", true);
    }
    if (r->has_use)
        status_use_json(&r->use, out);
    json_close(out, '}');
}

void status_json(const struct status *s, struct str *out)
{
    json_open(out, NULL, '{');
    json_string(out, "version", s->version);
    json_string(out, "stage", s->stage);
    json_bool(out, "well", status_is_well(s));
    json_number_or_null(out, "pid", s->pid);
    json_number_or_null(out, "milliseconds", s->ms);
    if (s->cmd >= 0)
        json_number(out, "cmd", s->cmd);
    json_open(out, "services", '[');
    for (size_t i = 0; i < s->count; i++)
        row_json(&s->row[i], out);
    json_close(out, ']');
    json_close(out, '}');
    str_add_char(out, '\n');
}

static void put_unwell(const struct status_row *r, struct str *out)
{
    put_shown(out, r->name, 0);
    str_printf(out, " is %s", status_row_is(r, "up") ? "not ready" : r->state);
    if (r->why[0] != '\0') {
        str_add_text(out, " (");
        put_shown(out, r->why, 0);
        str_add_char(out, ')');
    }
    str_add_char(out, '\n');
}

void status_health(const struct status *s, struct str *out)
{
    size_t start = out->length;
    if (strcmp(s->stage, "running") != 0)
        str_printf(out, "the container is %s\n", s->stage);
    for (size_t i = 0; i < s->count; i++)
        if (!status_row_is_well(&s->row[i]))
            put_unwell(&s->row[i], out);
    if (out->length > start)
        return;
    bool all = true, named = false;
    for (size_t i = 0; i < s->count; i++)
        all &= !status_row_is(&s->row[i], "down");
    str_add_text(out, all ? "all services are up and ready"
                          : "all services that should be up are up and ready");
    for (size_t i = 0; i < s->count; i++)
        if (status_row_is(&s->row[i], "down") && s->row[i].starts > 0) {
            str_add_text(out, named ? ", " : "; down: ");
            put_shown(out, s->row[i].name, 0);
            named = true;
        }
    str_add_char(out, '\n');
}
