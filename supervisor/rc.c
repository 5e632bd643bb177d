/* s6-rc at run time: a caller's request, answered at once or when its job is over
 * (docs/control.md). One job runs at a time; the engine is the one that boots and stops the
 * container. */
#include "supervisor/rc.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/str.h"
#include "contract/paths.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what is said ----------------------------------------------------------------------------- */

static void say(void *context, enum message_level level, const char *text)
{
    struct supervisor *sv = context;
    char line[MESSAGE_MAX];
    if ((int)level > sv->rc.verbosity)
        return;
    snprintf(line, sizeof line, "%s\n", text);
    control_say(sv->rc.caller, 'e', line);
}

void rc_set_caller(struct supervisor *sv, struct control_connection *caller)
{
    sv->rc.caller = caller;
    sv->pid1.voice = (struct voice){.context = sv};
    if (caller == NULL)
        return;
    sv->pid1.voice.say = say;
    sv->pid1.voice.passed = control_passed(caller);
}

int rc_refuse(const struct rc_request *r, int code, const char *what, const char *why)
{
    char text[MESSAGE_MAX];
    snprintf(text, sizeof text, "%s: fatal: %s%s\n", r->words[0], what, why);
    control_say(r->from, 'e', text);
    return code;
}

void rc_flush(struct rc_output *o)
{
    o->text[o->length] = '\0';
    if (o->length > 0)
        control_say(o->to, o->kind, o->text);
    o->length = 0;
}

void rc_put(struct rc_output *o, const char *text)
{
    for (; *text != '\0'; text++) {
        if (o->length == sizeof o->text - 1)
            rc_flush(o);
        o->text[o->length++] = *text;
    }
}

void rc_put_line(struct rc_output *o, const char *sign, const char *name)
{
    rc_put(o, sign);
    rc_put(o, name);
    rc_put(o, "\n");
}

/* --- the lock ---------------------------------------------------------------------------------
 */

static struct rc_waiting *waiting_of(struct supervisor *sv, const struct control_connection *k)
{
    for (size_t i = 0; i < sv->rc.waiters; i++)
        if (sv->rc.waiting[i].from == k)
            return &sv->rc.waiting[i];
    return NULL;
}

static struct rc_waiting take_waiting(struct rc *rc, struct rc_waiting *w)
{
    struct rc_waiting taken = *w;
    rc->waiters--;
    memmove(w, w + 1, (size_t)(&rc->waiting[rc->waiters] - w) * sizeof *w);
    return taken;
}

static void set_limit(struct supervisor *sv);

static void waited_too_long(struct timer *t)
{
    struct supervisor *sv =
        (struct supervisor *)(void *)((char *)t - offsetof(struct supervisor, rc.waiting_limit));
    struct rc *rc = &sv->rc;
    for (size_t i = rc->waiters; i-- > 0;) {
        if (rc->waiting[i].deadline == 0 || rc->waiting[i].deadline > pid1_now(&sv->pid1))
            continue;
        struct rc_waiting w = take_waiting(rc, &rc->waiting[i]);
        control_say(w.from, 'e', "s6-rc: fatal: timed out\n");
        control_end(w.from, RC_TIMED_OUT);
        words_release(&w.words);
    }
    set_limit(sv);
}

static void set_limit(struct supervisor *sv)
{
    struct rc *rc = &sv->rc;
    int64_t due = 0;
    for (size_t i = 0; i < rc->waiters; i++)
        if (rc->waiting[i].deadline != 0 && (due == 0 || rc->waiting[i].deadline < due))
            due = rc->waiting[i].deadline;
    rc->waiting_limit.fire = waited_too_long;
    if (due == 0)
        loop_untimer(&sv->pid1.loop, &rc->waiting_limit);
    else
        loop_timer(&sv->pid1.loop, &rc->waiting_limit, due);
}

static int wait_for_lock(struct rc_request *r)
{
    struct rc *rc = &r->sv->rc;
    struct words words = WORDS_INIT;
    int bad = rc->waiters == CONTROL_CONNECTIONS ? -1 : 0;
    for (size_t i = 0; i < r->word_count && bad == 0; i++)
        bad = words_add(&words, r->words[i]);
    if (bad != 0) {
        words_release(&words);
        return rc_refuse(r, EXIT_SYSTEM, "out of memory", "");
    }
    rc->waiting[rc->waiters++] =
        (struct rc_waiting){.from = r->from, .words = words, .deadline = r->deadline};
    set_limit(r->sv);
    return CONTROL_PENDING;
}

static bool is_locked(const struct supervisor *sv)
{
    return sv->rc.busy || sv->transition.active || sv->over_held;
}

int rc_lock(struct rc_request *r)
{
    struct supervisor *sv = r->sv;
    if (sv->pid1.stage != STAGE_STARTING && sv->pid1.stage != STAGE_RUNNING)
        return rc_refuse(r, EXIT_SYSTEM, "the container is stopping", "");
    if (is_locked(sv)) {
        if (oneshot_is_ancestor(sv, r->from->peer)) /* it would wait for itself */
            return rc_refuse(r, EXIT_SYSTEM, "unable to take locks: Resource busy",
                             " (a oneshot that calls s6-rc while it is being started or stopped)");
        return r->wait ? wait_for_lock(r)
                       : rc_refuse(r, EXIT_SYSTEM, "unable to take locks: Resource busy", "");
    }
    sv->rc.busy = true;
    rc_set_caller(sv, r->from);
    sv->rc.verbosity = r->verbosity;
    sv->rc.deadline = r->deadline;
    sv->rc.essential_too = r->essential_too;
    return 0;
}

void rc_unlock(struct supervisor *sv, int code)
{
    struct control_connection *caller = sv->rc.caller;
    sv->rc.busy = false;
    rc_set_caller(sv, NULL);
    if (caller != NULL)
        control_end(caller, code);
    rc_idle(sv);
}

void rc_idle(struct supervisor *sv)
{
    struct rc *rc = &sv->rc;
    while (rc->waiters > 0 && !is_locked(sv)) {
        struct rc_waiting w = take_waiting(rc, &rc->waiting[0]);
        rc->resumed = w.deadline;
        int code = rc_request(sv, w.from, (const char *const *)w.words.item, w.words.count);
        rc->resumed = 0;
        words_release(&w.words);
        if (code != CONTROL_PENDING)
            control_end(w.from, code);
    }
    set_limit(sv);
}

void rc_gone(struct supervisor *sv, const struct control_connection *caller)
{
    struct rc_waiting *w = waiting_of(sv, caller);
    if (w != NULL) {
        struct rc_waiting taken = take_waiting(&sv->rc, w);
        words_release(&taken.words);
        set_limit(sv);
    }
    if (sv->rc.caller != caller)
        return;
    rc_set_caller(sv, NULL);
    rc_abort(sv); /* what is under way goes on, nothing is begun */
    rc_idle(sv);
}

void rc_interrupt(struct supervisor *sv)
{
    static const char why[] = "s6-rc: fatal: the container is stopping\n";
    struct rc *rc = &sv->rc;
    struct control_connection *caller = rc->caller;
    while (rc->waiters > 0) {
        struct rc_waiting w = take_waiting(rc, &rc->waiting[0]);
        control_say(w.from, 'e', why);
        control_end(w.from, EXIT_SYSTEM);
        words_release(&w.words);
    }
    sv->over_held = false;
    if (rc->busy)
        rc_abort(sv);
    update_drop(sv);
    rc->busy = false;
    rc_set_caller(sv, NULL);
    if (caller == NULL)
        return;
    control_say(caller, 'e', why);
    control_end(caller, EXIT_SYSTEM);
}

/* --- at once ---------------------------------------------------------------------------------- */

static int list(struct rc_request *r, bool closed)
{
    struct rc_output o = {.to = r->from, .kind = 'o', .length = 0};
    if (closed)
        (r->down ? graph_close_down : graph_close_up)(&r->sv->graph, r->set);
    for (uint32_t i = 0; i < r->count; i++) {
        const struct definition *d = supervisor_definition(r->sv, i);
        if ((r->set[i] != 0) == (r->down && !closed) || (r->hide_essential && d->essential))
            continue;
        rc_put_line(&o, "", d->name);
    }
    rc_flush(&o);
    return 0;
}

static int list_named(struct rc_request *r)
{
    return list(r, false);
}

static int list_closed(struct rc_request *r)
{
    return list(r, true);
}

static int diff(struct rc_request *r)
{
    struct rc_output o = {.to = r->from, .kind = 'o', .length = 0};
    int result = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        const struct definition *d = supervisor_definition(r->sv, i);
        if (d->type != DEFINITION_LONGRUN)
            continue;
        const struct longrun *l = r->sv->longrun[r->sv->longrun_of[i]];
        bool up = r->sv->transition.node[i].state == NODE_UP;
        bool wanted = l->machine.want == WANT_UP;
        if (up == wanted)
            continue;
        rc_put_line(&o, wanted ? "+" : "-", d->name);
        result = RC_DIFFERS;
    }
    rc_flush(&o);
    return result;
}

/* --- the request ------------------------------------------------------------------------------ */

static int start(struct rc_request *r)
{
    r->down = r->prune = false;
    return rc_change(r);
}

static int stop(struct rc_request *r)
{
    r->down = true;
    r->prune = false;
    return rc_change(r);
}

/* The letters of s6-rc as they were given, then timeout, verbosity and the pause of a dry run. */
static int read_options(struct rc_request *r)
{
    unsigned long long ms, level, pause;
    for (const char *letter = r->words[1]; *letter != '\0'; letter++) {
        r->down = *letter == 'd' || *letter == 'D' || (r->down && *letter != 'u');
        r->essential_too |= *letter == 'D';
        r->all |= *letter == 'a';
        r->prune |= *letter == 'p';
        r->dry |= *letter == 'n';
        r->wait |= *letter == 'b';
        r->hide_essential = *letter == 'e' || (r->hide_essential && *letter != 'E');
    }
    if (number_parse(r->words[2], UINT32_MAX, &ms) < 0 ||
        number_parse(r->words[3], 9, &level) < 0 ||
        number_parse(r->words[4], UINT32_MAX, &pause) < 0)
        return -1;
    r->verbosity = (int)level;
    r->pause = (uint32_t)pause;
    r->deadline = r->sv->rc.resumed;
    if (r->deadline == 0 && ms > 0)
        r->deadline = pid1_now(&r->sv->pid1) + (int64_t)ms * CLOCK_MS;
    return 0;
}

static int select_all(struct rc_request *r, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (graph_select(&r->sv->graph, names[i], r->set) < 0)
            return rc_refuse(r, RC_UNKNOWN, names[i],
                             " is not a recognized identifier in " RUN_COMPILED "/resolve.cdb");
    for (uint32_t i = 0; r->all && i < r->count; i++)
        if (r->sv->transition.node[i].state == NODE_UP)
            r->set[i] = 1;
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct rc_request *r);
} verbs[] = {{"list", list_named},  {"listall", list_closed}, {"diff", diff}, {"reload", rc_reload},
             {"change", rc_change}, {"start", start},         {"stop", stop}};

static int dispatch(struct rc_request *r)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].name, r->verb) == 0)
            return verbs[i].run(r);
    return rc_refuse(r, EXIT_USAGE, r->verb, " is no command");
}

int rc_request(struct supervisor *sv, struct control_connection *from, const char *const *words,
               size_t count)
{
    enum { FIXED = 6 };
    struct rc_request r = {.sv = sv, .from = from, .words = words, .word_count = count};
    r.count = sv->graph.count;
    if (sv->transition.graph == NULL)
        return rc_refuse(&r, EXIT_SYSTEM, "the services are not read yet", "");
    if (count < FIXED || read_options(&r) < 0)
        return rc_refuse(&r, EXIT_USAGE, "malformed request", "");
    if (strcmp(words[0], "s6-rc-update") == 0)
        return update_request(&r);
    r.verb = words[FIXED - 1];
    r.set = calloc((size_t)r.count + 1, 1);
    int result = r.set == NULL ? rc_refuse(&r, EXIT_SYSTEM, "out of memory", "")
                               : select_all(&r, words + FIXED, count - FIXED);
    if (result == 0)
        result = dispatch(&r);
    free(r.set);
    return result;
}
