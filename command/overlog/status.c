/* overlog status: how everything is, as the status file of pid 1 says. */
#include "supervisor/status.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/failure.h"
#include "base/message.h"
#include "base/options.h"
#include "base/quantity.h"
#include "base/signals.h"
#include "command/commands.h"
#include "command/overlog/overlog.h"
#include "command/overlog/status.h"
#include "command/overlog/status_load.h"
#include "contract/paths.h"
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_UNWELL = 1 };

/* --- reading ---------------------------------------------------------------------------------- */

static long long ms_since(int64_t then, int64_t now)
{
    return then == 0 ? -1 : (now - then) / CLOCK_MS;
}

static void read_row(struct status_row *r, const char *bytes, uint32_t index, int64_t now)
{
    struct status_service s;
    status_service(bytes, index, &s);
    *r = (struct status_row){.name = s.name,
                             .type = status_types[s.type],
                             .state = status_states[s.state],
                             .why = s.why == NULL ? "" : s.why,
                             .log = s.log == NULL ? "" : s.log,
                             .wanted = s.wanted,
                             .ready = s.ready,
                             .pid = s.pid > 0 ? s.pid : -1,
                             .starts = s.starts,
                             .code = s.code,
                             .signal = s.signal,
                             .ms = ms_since(s.since, now),
                             .ready_ms = ms_since(s.ready_at, now),
                             .died_ms = ms_since(s.died_at, now),
                             .log_bytes = -1};
}

int status_rows(struct status *s, char *bytes, int64_t now)
{
    struct status_container c;
    uint32_t count = status_count(bytes);
    status_container(bytes, &c);
    *s = (struct status){.version = c.release,
                         .stage = status_stages[c.stage],
                         .pid = c.pid > 0 ? c.pid : -1,
                         .cmd = c.cmd > 0 ? c.cmd : -1,
                         .ms = ms_since(c.began, now),
                         .bytes = bytes,
                         .row = calloc((size_t)count + 1, sizeof *s->row),
                         .count = count};
    for (uint32_t i = 0; s->row != NULL && i < count; i++)
        read_row(&s->row[i], bytes, i, now);
    return s->row == NULL ? -1 : 0;
}

void status_release(struct status *s)
{
    free(s->row);
    free(s->bytes);
    *s = (struct status){.row = NULL};
}

bool status_row_is_well(const struct status_row *r)
{
    return !r->wanted || (strcmp(r->state, "up") == 0 && r->ready);
}

bool status_is_well(const struct status *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (!status_row_is_well(&s->row[i]))
            return false;
    return strcmp(s->stage, "running") == 0;
}

/* --- showing ---------------------------------------------------------------------------------- */

/* "exit 1", "SIGSEGV", with how long ago. */
static void end_text(const struct status_row *r, char *out, size_t size)
{
    char ago[QUANTITY_MAX];
    const char *name = r->signal < 0 ? NULL : signal_name((int)r->signal);
    quantity_duration(r->died_ms, ago);
    int n = r->signal < 0 && r->code < 0 ? snprintf(out, size, "-")
            : name != NULL               ? snprintf(out, size, "SIG%s", name)
            : r->signal >= 0             ? snprintf(out, size, "signal %lld", r->signal)
                                         : snprintf(out, size, "exit %lld", r->code);
    if (r->died_ms >= 0)
        snprintf(out + n, size - (size_t)n, ", %s ago", ago);
}

static enum style style_of(const struct status_row *r)
{
    if (status_row_is_well(r))
        return strcmp(r->state, "up") == 0 ? STYLE_GREEN : STYLE_DIM;
    return strcmp(r->state, "failed") == 0 || r->why[0] != '\0' || strcmp(r->state, "down") == 0
               ? STYLE_RED
               : STYLE_YELLOW;
}

static const char *ready_text(const struct status_row *r, char out[24])
{
    if (r->ready_ms >= 0)
        quantity_duration(r->ready_ms, out);
    else
        strcpy(out, strcmp(r->type, "oneshot") == 0 || r->pid < 0 ? "-" : r->ready ? "yes" : "no");
    return out;
}

static void put_row(const struct status_row *r, size_t width, struct str *out)
{
    char pid[24] = "-", since[24], ready[24], restarts[24] = "-", ended[64], size[24];
    if (r->pid > 0)
        snprintf(pid, sizeof pid, "%lld", r->pid);
    if (r->starts >= 0)
        snprintf(restarts, sizeof restarts, "%lld", r->starts > 0 ? r->starts - 1 : 0);
    quantity_duration(r->ms, since);
    end_text(r, ended, sizeof ended);
    quantity_size(r->log_bytes, size);
    put_shown(out, r->name, width);
    str_printf(out, "  %s%-9s%s  %7s  %8s  %8s  %8s  %-20s  %6s\n", style(style_of(r)), r->state,
               style(STYLE_PLAIN), pid, since, ready_text(r, ready), restarts, ended, size);
    if (r->why[0] == '\0')
        return;
    str_printf(out, "%*s  ", (int)width, "");
    put_shown(out, r->why, 0);
    str_add_char(out, '\n');
}

void status_table(const struct status *s, struct str *out)
{
    size_t width = 7;
    size_t wanted = 0, well = 0;
    char since[24];
    for (size_t i = 0; i < s->count; i++) {
        size_t length = shown_width(s->row[i].name);
        width = length > width ? length : width;
        wanted += s->row[i].wanted;
        well += s->row[i].wanted && status_row_is_well(&s->row[i]);
    }
    if (s->count > 0)
        str_printf(out, "%s%-*s  %-9s  %7s  %8s  %8s  %8s  %-20s  %6s%s\n", style(STYLE_BOLD),
                   (int)width, "SERVICE", "STATE", "PID", "FOR", "READY", "RESTARTS", "LAST END",
                   "LOG", style(STYLE_PLAIN));
    for (size_t i = 0; i < s->count; i++)
        put_row(&s->row[i], width, out);
    quantity_duration(s->ms, since);
    str_printf(out, "%s for %s, %zu of %zu services up and ready\n", s->stage, since, well, wanted);
}

static void number_or_null(struct str *out, const char *key, long long value)
{
    if (value < 0)
        json_string(out, key, NULL);
    else
        json_number(out, key, value);
}

static void row_json(const struct status_row *r, struct str *out)
{
    json_open(out, NULL, '{');
    json_string(out, "name", r->name);
    json_string(out, "type", r->type);
    json_string(out, "state", r->state);
    json_bool(out, "wanted", r->wanted);
    json_bool(out, "ready", r->ready);
    json_bool(out, "well", status_row_is_well(r));
    number_or_null(out, "pid", r->pid);
    number_or_null(out, "milliseconds", r->ms);
    number_or_null(out, "ready_milliseconds", r->ready_ms);
    if (r->starts >= 0)
        json_number(out, "restarts", r->starts > 0 ? r->starts - 1 : 0);
    number_or_null(out, "last_exit_code", r->code);
    number_or_null(out, "last_signal", r->signal);
    if (r->died_ms >= 0)
        json_number(out, "last_end_milliseconds_ago", r->died_ms);
    if (r->why[0] != '\0')
        json_string(out, "why", r->why);
    if (r->log[0] != '\0') {
        json_string(out, "log", r->log);
        number_or_null(out, "log_bytes", r->log_bytes);
    }
    json_close(out, '}');
}

void status_json(const struct status *s, struct str *out)
{
    json_open(out, NULL, '{');
    json_string(out, "version", s->version);
    json_string(out, "stage", s->stage);
    json_bool(out, "well", status_is_well(s));
    number_or_null(out, "pid", s->pid);
    number_or_null(out, "milliseconds", s->ms);
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
    str_printf(out, " is %s", strcmp(r->state, "up") == 0 ? "not ready" : r->state);
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
        all &= strcmp(s->row[i].state, "down") != 0;
    str_add_text(out, all ? "all services are up and ready"
                          : "all services that should be up are up and ready");
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->row[i].state, "down") == 0 && s->row[i].starts > 0) {
            str_add_text(out, named ? ", " : "; down: ");
            put_shown(out, s->row[i].name, 0);
            named = true;
        }
    str_add_char(out, '\n');
}

/* --- the command ------------------------------------------------------------------------------ */

static long long directory_bytes(const char *path)
{
    long long bytes = 0;
    struct stat st;
    DIR *d = path[0] == '\0' ? NULL : opendir(path);
    if (d == NULL)
        return -1;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;)
        if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            bytes += (long long)st.st_size;
    closedir(d);
    return bytes;
}

/* Only the rows that are asked for. False: a name is none; said. */
static bool choose(struct status *s, char *const *names)
{
    bool good = true;
    size_t kept = 0;
    for (char *const *name = names; *name != NULL; name++) {
        bool found = false;
        for (size_t i = 0; i < s->count && !found; i++)
            found = fnmatch(*name, s->row[i].name, 0) == 0;
        if (!found)
            message_fatal("there is no service %s", *name);
        good &= found;
    }
    for (size_t i = 0; i < s->count; i++)
        for (char *const *name = names; *name != NULL; name++)
            if (fnmatch(*name, s->row[i].name, 0) == 0) {
                s->row[kept++] = s->row[i];
                break;
            }
    if (names[0] != NULL)
        s->count = kept;
    return good;
}

static int show(struct status *s, bool json, bool health)
{
    struct str out = STR_INIT;
    for (size_t i = 0; !health && i < s->count; i++)
        s->row[i].log_bytes = directory_bytes(s->row[i].log);
    if (json)
        status_json(s, &out);
    else if (health)
        status_health(s, &out);
    else
        status_table(s, &out);
    return put_all(&out);
}

static int run_status(struct invocation *c)
{
    char path[4096] = RUN_STATUS;
    struct status s;
    struct error e = ERROR_INIT;
    if (options_read_anywhere(c, 0, INT_MAX) != 0)
        return EXIT_USAGE;
    bool health = given('H');
    if (given('R'))
        snprintf(path, sizeof path, "%.4000s/s6/status", argument_of('R'));
    char *bytes = status_load(path, &e);
    if (bytes == NULL) {
        int code = message_error(&e);
        return health ? EXIT_UNWELL : code;
    }
    if (status_rows(&s, bytes, clock_monotonic()) < 0)
        return refuse(EXIT_SYSTEM, "out of memory");
    bool good = choose(&s, options.operand);
    int code = show(&s, given('j'), health);
    if (code == 0 && (!good || (health && !status_is_well(&s))))
        code = EXIT_UNWELL;
    status_release(&s);
    return code;
}

static const char status_options[] =
    "-H, --health   say what is not well; exit 0 only when all that should be is up and ready\n"
    "-j, --json     for programs\n"
    "-R, --run=DIR  another /run: that which overlog up names\n";

const struct command command_status[] = {{"overlog status",
                                          "[--health] [--json] [-R DIR] [NAME...]",
                                          "say how the services are", status_options, run_status},
                                         {.name = NULL}};
