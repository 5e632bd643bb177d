/* What the request status answers (docs/control.md): a line for the container, a line for each
 * service, words KEY=VALUE. */
#include "supervisor/status.h"
#include "base/clock.h"
#include "supervisor/supervisor.h"
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_BLOCK = 8192 };

void status_word(struct str *out, const char *key, const char *value)
{
    str_printf(out, " %s=", key);
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;
        if (c <= ' ' || c == '\\' || c == 0x7f)
            str_printf(out, "\\%03o", c);
        else
            str_add_char(out, (char)c);
    }
}

bool status_value(const char *line, const char *key, char *value, size_t size)
{
    size_t length = strlen(key), n = 0;
    const char *p = line;
    while ((p = strchr(p, ' ')) != NULL && (strncmp(++p, key, length) != 0 || p[length] != '='))
        ;
    if (p == NULL || size == 0)
        return false;
    for (p += length + 1; *p != '\0' && *p != ' ' && *p != '\n' && n + 1 < size; n++) {
        unsigned int c = (unsigned char)*p++;
        if (c == '\\' && sscanf(p, "%3o", &c) == 1)
            p += strspn(p, "01234567") < 3 ? strspn(p, "01234567") : 3;
        value[n] = (char)c;
    }
    value[n] = '\0';
    return true;
}

/* Milliseconds since then. */
static void put_since(struct str *out, const char *key, int64_t then, int64_t now)
{
    if (then != 0)
        str_printf(out, " %s=%lld", key, (long long)((now - then) / CLOCK_MS));
}

static void put_end(struct str *out, int wait_status)
{
    if (WIFSIGNALED(wait_status))
        str_printf(out, " signal=%d", WTERMSIG(wait_status));
    else
        str_printf(out, " code=%d", WEXITSTATUS(wait_status));
}

static const char *longrun_state(const struct longrun *l, enum node_state node)
{
    const struct service *m = &l->machine;
    switch (m->state) {
    case SERVICE_STARTING:
        return "starting";
    case SERVICE_UP:
        return node == NODE_STOPPING            ? "stopping"
               : l->rules.notifies && !m->ready ? "starting"
                                                : "up";
    case SERVICE_FINISH:
        return "finishing";
    default:
        return l->history.gave_up ? "failed" : m->want == WANT_UP ? "waiting" : "down";
    }
}

static void put_longrun(struct str *out, const struct longrun *l, enum node_state node,
                        bool goal_up, int64_t now)
{
    const struct service *m = &l->machine;
    bool wanted = m->want == WANT_UP || (node == NODE_DOWN ? goal_up : l->history.gave_up);
    str_printf(out, " state=%s wanted=%d ready=%d starts=%lu", longrun_state(l, node), wanted,
               m->state == SERVICE_UP && (m->ready || !l->rules.notifies),
               (unsigned long)l->history.starts);
    if (m->pid > 0)
        str_printf(out, " pid=%ld", (long)m->pid);
    put_since(out, "for", m->since, now);
    if (m->ready)
        put_since(out, "ready_for", m->ready_at, now);
    if (l->history.died_at != 0)
        put_end(out, m->wait_status);
    put_since(out, "died", l->history.died_at, now);
    if (m->failures > 0 && l->why != NULL)
        status_word(out, "why", l->why);
    else if (l->history.gave_up)
        status_word(out, "why", "finish said 125");
}

static void put_oneshot(struct str *out, const struct supervisor *sv, uint32_t node, int64_t now)
{
    static const char *const states[] = {[NODE_DOWN] = "down",
                                         [NODE_STARTING] = "starting",
                                         [NODE_UP] = "up",
                                         [NODE_STOPPING] = "stopping"};
    const struct transition_node *n = &sv->transition.node[node];
    const struct oneshot *o = &sv->oneshot[node];
    bool wanted = n->goal_up || n->state == NODE_UP;
    bool failed = o->ended && o->wait_status != 0 && n->state == NODE_DOWN;
    str_printf(out, " state=%s wanted=%d ready=%d", failed ? "failed" : states[n->state], wanted,
               n->state == NODE_UP);
    if (o->pid > 0)
        str_printf(out, " pid=%ld", (long)o->pid);
    put_since(out, "for", n->since, now);
    if (o->ended)
        put_end(out, o->wait_status);
}

static void put_service(struct str *out, const struct supervisor *sv, const struct definition *d,
                        const struct longrun *l, uint32_t node, int64_t now)
{
    char path[4096];
    str_printf(out, "service type=%s", definition_type_name(d->type));
    if (l == NULL)
        put_oneshot(out, sv, node, now);
    else if (node < sv->graph.count)
        put_longrun(out, l, sv->transition.node[node].state, sv->transition.node[node].goal_up,
                    now);
    else /* none of s6-rc's */
        put_longrun(out, l, NODE_UP, true, now);
    if (l != NULL && l->logger.logged.open && d->logging != LOGGING_CONSOLE &&
        sv->settings.logging != LOGGING_CONSOLE) {
        snprintf(path, sizeof path, "%.3800s/%.255s", sv->settings.log_root, d->name);
        status_word(out, "log", path);
    }
    status_word(out, "name", d->name);
    str_add_char(out, '\n');
}

static void flush_over(struct control_connection *to, struct str *out, size_t most)
{
    if (out->length > most)
        control_say(to, 'o', out->data);
    if (out->length > most)
        str_clear(out);
}

static void put_services(struct supervisor *sv, struct control_connection *to, struct str *out,
                         int64_t now)
{
    for (uint32_t i = 0; i < sv->graph.count; i++) {
        const struct definition *d = supervisor_definition(sv, i);
        bool longrun = d->type == DEFINITION_LONGRUN;
        if (d->builtin == BUILTIN_NONE)
            put_service(out, sv, d, longrun ? sv->longrun[sv->longrun_of[i]] : NULL, i, now);
        flush_over(to, out, OUTPUT_BLOCK);
    }
    for (uint32_t i = 0; i < sv->longruns; i++) {
        const struct longrun *l = sv->longrun[i];
        if (l != NULL && !l->going && l->node >= sv->graph.count)
            put_service(out, sv, l->definition, l, l->node, now);
        flush_over(to, out, OUTPUT_BLOCK);
    }
}

int status_request(struct supervisor *sv, struct control_connection *from)
{
    static const char *const stages[] = {
        [STAGE_HOOK] = "hook",         [STAGE_STARTING] = "starting", [STAGE_RUNNING] = "running",
        [STAGE_STOPPING] = "stopping", [STAGE_TERM] = "stopping",     [STAGE_KILL] = "stopping",
        [STAGE_DRAIN] = "stopping",    [STAGE_OVER] = "stopping"};
    struct str out = STR_INIT;
    int64_t now = clock_monotonic();
    str_printf(&out, "container version=" OVERLOG_VERSION " stage=%s pid=%ld", stages[sv->stage],
               (long)getpid());
    put_since(&out, "for", sv->began, now);
    if (sv->cmd_pid > 0)
        str_printf(&out, " cmd=%ld", (long)sv->cmd_pid);
    str_add_char(&out, '\n');
    if (sv->stage >= STAGE_STARTING && sv->transition.graph != NULL)
        put_services(sv, from, &out, now);
    flush_over(from, &out, 0);
    str_release(&out);
    return 0;
}
