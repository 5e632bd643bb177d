#include "command/tools/schedule_state.h"
#include "base/file.h"
#include "base/process.h"
#include "base/quantity.h"
#include "contract/paths.h"
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 4096 };

static const struct row {
    const char name[10];
    unsigned short offset;
} rows[] = {
    {"next", offsetof(struct schedule_state, next)},
    {"pid", offsetof(struct schedule_state, pid)},
    {"born", offsetof(struct schedule_state, born)},
    {"began", offsetof(struct schedule_state, began)},
    {"ms", offsetof(struct schedule_state, ms)},
    {"code", offsetof(struct schedule_state, code)},
    {"runs", offsetof(struct schedule_state, counts.runs)},
    {"ended", offsetof(struct schedule_state, counts.ended)},
    {"failed", offsetof(struct schedule_state, counts.failed)},
    {"late", offsetof(struct schedule_state, counts.late)},
    {"skipped", offsetof(struct schedule_state, counts.skipped)},
    {"well", offsetof(struct schedule_state, well)},
    {"asked", offsetof(struct schedule_state, asked)},
    {"answer", offsetof(struct schedule_state, answer)},
    {"owner", offsetof(struct schedule_state, owner)},
    {"since", offsetof(struct schedule_state, since)},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static const char table_key[] = "timetable=";

int schedule_state_format(const struct schedule_state *s, struct str *out)
{
    for (size_t i = 0; i < ROWS; i++) {
        int64_t value;
        memcpy(&value, (const char *)s + rows[i].offset, sizeof value);
        if (str_printf(out, "%s=%lld\n", rows[i].name, (long long)value) < 0)
            return -1;
    }
    size_t from = out->length + strlen(table_key);
    if (str_printf(out, "%s%s", table_key, s->timetable) < 0 || str_add_char(out, '\n') < 0)
        return -1;
    for (char *c = out->data + from; c < out->data + out->length - 1; c++)
        *c = *c == '\n' ? ' ' : *c;
    return 0;
}

static void take_number(struct schedule_state *s, const char *line, size_t length)
{
    char text[40];
    long long value;
    snprintf(text, sizeof text, "%.*s", (int)length, line);
    char *equals = strchr(text, '=');
    if (equals == NULL || integer_parse(equals + 1, &value) != 0)
        return;
    *equals = '\0';
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].name, text) == 0) {
            int64_t number = value;
            memcpy((char *)s + rows[i].offset, &number, sizeof number);
        }
}

int schedule_state_parse(struct schedule_state *s, const char *text)
{
    *s = (struct schedule_state){.code = -1};
    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        if (strncmp(line, table_key, strlen(table_key)) == 0)
            snprintf(s->timetable, sizeof s->timetable, "%.*s", (int)(length - strlen(table_key)),
                     line + strlen(table_key));
        else
            take_number(s, line, length);
        line += length + (line[length] == '\n');
    }
    return s->timetable[0] == '\0' ? -1 : 0;
}

int schedule_state_read(struct schedule_state *s, const char *run, const char *service)
{
    char path[PATH_MAX];
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    snprintf(path, sizeof path, "%.3000s%s/%.255s", run, &RUN_JOBS[strlen("/run")], service);
    int result = file_read(AT_FDCWD, path, TEXT_MAX, &text, &e) < 0 || text.length == 0
                     ? -1
                     : schedule_state_parse(s, text.data);
    str_release(&text);
    return result;
}

void schedule_state_own(struct schedule_state *s)
{
    struct process_stat stat = {.born = 0};
    s->owner = process_self(); /* as others see it, who look from outside of its pid namespace */
    if (s->owner == 0)
        s->owner = getpid();
    s->since = process_stat((pid_t)s->owner, &stat) == 0 ? (int64_t)stat.born : 0;
}

bool schedule_state_is_of(const struct schedule_state *s, int64_t pid)
{
    struct process_stat stat;
    if (pid <= 0 || s->owner != pid)
        return false;
    return s->since == 0 || process_stat((pid_t)pid, &stat) < 0 || (int64_t)stat.born == s->since;
}

int schedule_state_write(const struct schedule_state *s, const char *service, struct error *e)
{
    char path[PATH_MAX];
    struct str text = STR_INIT;
    snprintf(path, sizeof path, "%s/%.255s", RUN_JOBS, service);
    int result = schedule_state_format(s, &text) < 0
                     ? error_set(e, EXIT_SYSTEM, "out of memory")
                     : file_replace(AT_FDCWD, path, text.data, text.length, 0644, e);
    str_release(&text);
    return result;
}
