#include "services/restart.h"
#include "base/clock.h"
#include "base/quantity.h"
#include "base/signals.h"
#include "base/str.h"
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const char *const whens[] = {
    [RESTART_ALWAYS] = "always", [RESTART_ON_FAILURE] = "on-failure", [RESTART_NEVER] = "never"};

#define CLAUSES                                                                                    \
    "write: always|on-failure|never, ok CODE|SIGNAL..., N in TIME, wait MIN..MAX, "                \
    "then stay|exit|CODE"

static bool has_bit(const uint32_t *bits, unsigned int n)
{
    return (bits[n / 32] >> n % 32 & 1) != 0;
}

static void set_bit(uint32_t *bits, unsigned int n)
{
    bits[n / 32] |= 1U << n % 32;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* One part of the line, between commas, without the blanks around it. */
struct clause {
    char text[RESTART_LINE_MAX];
    struct restart_policy *p;
    struct restart_mistake *m;
};

static int wrong(const struct clause *c, const char *cure, const char *what, const char *text)
{
    snprintf(c->m->text, sizeof c->m->text, "%s \"%.255s\"", what, text);
    c->m->cure = cure;
    return -1;
}

/* The text behind a word and blanks at the beginning of a clause; NULL: it begins otherwise. */
static const char *behind(const char *text, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(text, word, length) != 0)
        return NULL;
    text += length;
    return *text == '\0' || *text == ' ' || *text == '\t' ? text + strspn(text, " \t") : NULL;
}

static int read_when(const struct clause *c)
{
    for (unsigned int i = RESTART_ALWAYS; i <= RESTART_NEVER; i++)
        if (strcmp(c->text, whens[i]) == 0) {
            c->p->when = (enum restart_when)i;
            return 0;
        }
    return wrong(c, "begin with always, on-failure or never", "invalid word", c->text);
}

static int read_end(const struct clause *c, const char *word)
{
    unsigned long long code;
    int signal;
    if (number_parse(word, 255, &code) == 0)
        set_bit(c->p->ok, (unsigned int)code);
    else if (word[strspn(word, "0123456789")] != '\0' &&
             (signal = signal_number(word, SIGNAL_LAST)) > 0)
        set_bit(c->p->killed, (unsigned int)signal - 1);
    else
        return wrong(c, "list exit codes from 0 to 255 and names of signals behind ok, with blanks",
                     "invalid end", word);
    return 0;
}

static int read_ok(const struct clause *c, const char *rest)
{
    char word[RESTART_LINE_MAX];
    if (*rest == '\0')
        return wrong(c, "list exit codes and names of signals behind ok, as in: ok 3 143 SIGTERM",
                     "nothing behind", c->text);
    while (*rest != '\0') {
        size_t length = strcspn(rest, " \t");
        snprintf(word, sizeof word, "%.*s", (int)length, rest);
        if (read_end(c, word) < 0)
            return -1;
        rest += length;
        rest += strspn(rest, " \t");
    }
    return 0;
}

/* A time that is not 0. */
static bool read_time(const char *text, uint32_t *ms)
{
    uint64_t value;
    if (duration_parse(text, RESTART_TIME_MAX, &value) != 0 || value == 0)
        return false;
    *ms = (uint32_t)value;
    return true;
}

static int read_limit(const struct clause *c)
{
    char number[RESTART_LINE_MAX];
    unsigned long long deaths;
    size_t digits = strspn(c->text, "0123456789");
    const char *time = behind(c->text + digits + strspn(c->text + digits, " \t"), "in");
    snprintf(number, sizeof number, "%.*s", (int)digits, c->text);
    if (time == NULL || !read_time(time, &c->p->within))
        return wrong(c, "write N in TIME, as in: 5 in 1m (7d at most)", "invalid limit", c->text);
    if (number_parse(number, RESTART_DEATHS_MAX, &deaths) < 0)
        return wrong(c, "more than 100 deaths are not counted: write N in TIME with N to 100",
                     "invalid limit", c->text);
    c->p->deaths = (uint32_t)deaths;
    if (c->p->when == RESTART_NEVER)
        return wrong(c, "never starts it again: remove the limit, or write on-failure",
                     "useless limit", c->text);
    return 0;
}

static int read_wait(const struct clause *c, const char *rest)
{
    char least[RESTART_LINE_MAX];
    const char *dots = strstr(rest, "..");
    size_t length = dots == NULL ? 0 : (size_t)(dots - rest);
    snprintf(least, sizeof least, "%.*s", (int)length, rest);
    if (dots == NULL || !read_time(least, &c->p->wait_min) ||
        !read_time(dots + 2, &c->p->wait_max) || c->p->wait_min > c->p->wait_max)
        return wrong(c, "write wait MIN..MAX, as in: wait 1s..1m (1ms to 7d, MIN not above MAX)",
                     "invalid wait", c->text);
    if (c->p->when == RESTART_NEVER)
        return wrong(c, "never starts it again: remove the wait, or write on-failure",
                     "useless wait", c->text);
    return 0;
}

static int read_then(const struct clause *c, const char *rest)
{
    unsigned long long code = 0;
    if (strcmp(rest, "stay") == 0)
        c->p->then = RESTART_STAY;
    else if (strcmp(rest, "exit") == 0)
        c->p->then = RESTART_EXIT;
    else if (number_parse(rest, 255, &code) == 0)
        c->p->then = RESTART_CODE;
    else
        return wrong(c, "write then stay, then exit, or then CODE with a code from 0 to 255",
                     "invalid end", c->text);
    c->p->code = (uint32_t)code;
    return 0;
}

/* The clauses in the order that they must have. */
enum place { PLACE_WHEN = 0, PLACE_OK, PLACE_LIMIT, PLACE_WAIT, PLACE_THEN, PLACE_NONE };

static enum place place_of(const char *text, const char **rest)
{
    if ((*rest = behind(text, "ok")) != NULL)
        return PLACE_OK;
    if ((*rest = behind(text, "wait")) != NULL)
        return PLACE_WAIT;
    if ((*rest = behind(text, "then")) != NULL)
        return PLACE_THEN;
    return *text >= '0' && *text <= '9' ? PLACE_LIMIT : PLACE_NONE;
}

static int read_clause(const struct clause *c, enum place *last)
{
    const char *rest = NULL;
    enum place place = place_of(c->text, &rest);
    if (place == PLACE_NONE)
        return wrong(c, CLAUSES, "invalid words", c->text);
    if (place <= *last)
        return wrong(c, CLAUSES ", each once and in this order", "misplaced words", c->text);
    *last = place;
    return place == PLACE_OK     ? read_ok(c, rest)
           : place == PLACE_WAIT ? read_wait(c, rest)
           : place == PLACE_THEN ? read_then(c, rest)
                                 : read_limit(c);
}

int restart_parse(const char *line, struct restart_policy *p, struct restart_mistake *m)
{
    struct restart_policy read = {.when = RESTART_AS_UPSTREAM};
    struct clause c = {.p = &read, .m = m};
    enum place last = PLACE_WHEN;
    int bad = strlen(line) < RESTART_LINE_MAX - 1
                  ? 0
                  : wrong(&c, "list fewer exit codes and signals", "a line too long:", line);
    for (bool first = true; bad == 0 && line != NULL; first = false) {
        size_t length = strcspn(line, ",");
        const char *next = line[length] == ',' ? line + length + 1 : NULL;
        line += strspn(line, " \t");
        length = strcspn(line, ",");
        while (length > 0 && strchr(" \t", line[length - 1]) != NULL)
            length--;
        snprintf(c.text, sizeof c.text, "%.*s", (int)length, line);
        bad = first ? read_when(&c) : read_clause(&c, &last);
        line = next;
    }
    /* A database has the policy in the words of restart_format. */
    if (bad == 0 && restart_format(&read, NULL, 0) >= RESTART_LINE_MAX - 1)
        bad = wrong(&c, "list fewer exit codes and signals", "a list too long:", c.text);
    *p = bad == 0 ? read : (struct restart_policy){.when = RESTART_AS_UPSTREAM};
    return bad;
}

/* --- writing ---------------------------------------------------------------------------------- */

struct writer {
    char *out;
    size_t size, length;
};

static void put_word(struct writer *w, const char *before, const char *text)
{
    size_t room = w->length < w->size ? w->size - w->length : 0;
    w->length += (size_t)snprintf(room > 0 ? w->out + w->length : NULL, room, "%s%s", before, text);
}

static void put_number(struct writer *w, const char *before, uint32_t number)
{
    char text[16];
    snprintf(text, sizeof text, "%u", number);
    put_word(w, before, text);
}

static void put_time(struct writer *w, const char *before, uint32_t ms)
{
    char text[QUANTITY_MAX];
    duration_format(ms, text);
    put_word(w, before, text);
}

static void put_ends(struct writer *w, const struct restart_policy *p)
{
    const char *before = ", ok ";
    for (unsigned int i = 0; i < 256; i++)
        if (has_bit(p->ok, i)) {
            put_number(w, before, i);
            before = " ";
        }
    for (unsigned int i = 0; i < SIGNAL_LAST; i++)
        if (has_bit(p->killed, i)) {
            put_word(w, before, signal_name((int)i + 1)); /* only those with a name can be listed */
            before = " ";
        }
}

size_t restart_format(const struct restart_policy *p, char *out, size_t size)
{
    struct writer w = {.out = out, .size = size};
    put_word(&w, "", p->when == RESTART_AS_UPSTREAM ? "" : whens[p->when]);
    put_ends(&w, p);
    if (p->within > 0) {
        put_number(&w, ", ", p->deaths);
        put_time(&w, " in ", p->within);
    }
    if (p->wait_min > 0) {
        put_time(&w, ", wait ", p->wait_min);
        put_time(&w, "..", p->wait_max);
    }
    if (p->then == RESTART_EXIT)
        put_word(&w, ", then exit", "");
    else if (p->then == RESTART_CODE)
        put_number(&w, ", then ", p->code);
    return w.length;
}

bool restart_same(const struct restart_policy *a, const struct restart_policy *b)
{
    return a->when == b->when && a->then == b->then && a->code == b->code &&
           a->deaths == b->deaths && a->within == b->within && a->wait_min == b->wait_min &&
           a->wait_max == b->wait_max && memcmp(a->ok, b->ok, sizeof a->ok) == 0 &&
           memcmp(a->killed, b->killed, sizeof a->killed) == 0;
}

bool restart_is_clean(const struct restart_policy *p, int wait_status)
{
    if (p->when == RESTART_AS_UPSTREAM)
        return false;
    if (WIFSIGNALED(wait_status))
        return has_bit(p->killed, (unsigned int)WTERMSIG(wait_status) - 1);
    return has_bit(p->ok, (unsigned int)WEXITSTATUS(wait_status)) ||
           (WEXITSTATUS(wait_status) == 0 && p->when != RESTART_ALWAYS);
}

/* --- the tally -------------------------------------------------------------------------------- */

static uint32_t milliseconds(int64_t ns)
{
    return (uint32_t)(uint64_t)(ns / CLOCK_MS);
}

/* Those of which none is within that many ms before now go. */
static void forget(struct restart_tally *t, uint32_t within, int64_t now)
{
    uint32_t old = 0;
    if (now - t->last > within * CLOCK_MS)
        old = t->count;
    while (old < t->count && milliseconds(now) - t->death[old] > within)
        old++;
    t->count -= old;
    memmove(t->death, t->death + old, t->count * sizeof t->death[0]);
}

static void note(struct restart_tally *t, uint32_t within, int64_t now)
{
    if (within == 0)
        t->count = 0;
    else
        forget(t, within, now);
    if (t->count == RESTART_DEATHS_MAX + 1)
        memmove(t->death, t->death + 1, --t->count * sizeof t->death[0]);
    t->death[t->count++] = milliseconds(now);
}

static bool is_said(uint32_t streak)
{
    while (streak > RESTART_LOOP_FIRST && streak % 2 == 0)
        streak /= 2;
    return streak == RESTART_LOOP_FIRST;
}

static void follow_loop(struct restart_tally *t, const struct restart_policy *p, int64_t lived,
                        int64_t now)
{
    uint32_t life = p->wait_max > RESTART_LOOP_LIFE ? p->wait_max : RESTART_LOOP_LIFE;
    if (t->streak == 0 || lived >= life * CLOCK_MS) {
        t->streak = 0;
        t->since = now;
    }
    t->streak += t->streak < UINT32_MAX;
    t->loops = is_said(t->streak);
}

static void lengthen_wait(struct restart_tally *t, const struct restart_policy *p, int64_t lived)
{
    if (t->wait < p->wait_min || lived >= p->wait_max * CLOCK_MS)
        t->wait = p->wait_min;
    else
        t->wait = t->wait > p->wait_max / 2 ? p->wait_max : t->wait * 2;
}

enum restart_verdict restart_died(struct restart_tally *t, const struct restart_policy *p,
                                  int wait_status, int64_t lived, int64_t now)
{
    bool clean = restart_is_clean(p, wait_status);
    t->loops = false;
    if (p->when == RESTART_AS_UPSTREAM)
        return RESTART_AGAIN;
    if (clean && p->when != RESTART_ALWAYS)
        return RESTART_CLEAN;
    lengthen_wait(t, p, lived);
    if (clean)
        return RESTART_AGAIN;
    if (p->within > 0 || p->when == RESTART_NEVER)
        note(t, p->within, now);
    t->last = now;
    follow_loop(t, p, lived, now);
    return p->when == RESTART_NEVER || (p->within > 0 && t->count > p->deaths) ? RESTART_GIVE_UP
                                                                               : RESTART_AGAIN;
}

int64_t restart_wait(const struct restart_tally *t)
{
    return t->wait * CLOCK_MS;
}
