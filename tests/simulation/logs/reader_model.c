/* Which lines logcat shows, and in which order: everything is read, then sorted (docs/logcat.1,
 * ORDER). */
#include "tests/simulation/logs/reader_life.h"
#include <stdlib.h>
#include <string.h>

#define BELIEVED (INT64_C(978307200) * NANO) /* 2001: no clock that was set says less */

static struct bytes joined[12 * ENTRIES]; /* texts of lines in pieces */
static size_t joined_count;

void model_forget(void)
{
    while (joined_count > 0)
        bytes_free(&joined[--joined_count]);
}

static bool is_wanted(const struct question *q, int64_t t)
{
    return q->since <= t && t < q->until;
}

/* A line that is being put together. */
struct begun {
    bool is;
    int64_t time;
    bool continues, affected;
    struct bytes text;
};

/* The entries of a service, in the order of its files. */
static size_t entries(const struct service *s, size_t source, const struct question *q,
                      struct shown *to)
{
    struct begun begun[3] = {{false}};
    int64_t last = NO_TIME, order = NO_TIME;
    size_t count = 0, head = 0;
    bool head_wanted = false;
    for (size_t i = 0; i < s->lines; i++) {
        const struct logged *l = &s->line[i];
        struct begun *b = &begun[l->stream];
        int64_t before = last, time = last;
        bool continues = last != NO_TIME;
        bool affected = l->archive >= 0 && s->archive[l->archive].affected;
        const struct bytes *text = &l->text;
        if (l->time != NO_TIME) {
            last = time = l->time;
            continues = (text->at[0] == ' ' || text->at[0] == '\t') && before != NO_TIME &&
                        last >= before && last - before < NANO;
            if (l->goes_on || b->is) {
                if (!b->is)
                    *b = (struct begun){true, time, continues, false, {.at = NULL}};
                bytes_add(&b->text, text->at, text->length);
                b->affected |= affected;
                if (l->goes_on)
                    continue;
                joined[joined_count] = b->text;
                text = &joined[joined_count++];
                time = b->time;
                continues = b->continues;
                affected = b->affected;
                b->is = false;
            }
        }
        continues = continues && count > 0;
        bool wanted = last != NO_TIME && is_wanted(q, last);
        bool with_last = continues ? head_wanted : last < BELIEVED;
        int64_t place = with_last && order != NO_TIME ? order : last;
        if (!continues) {
            head = count;
            head_wanted = wanted;
        }
        if (wanted)
            order = place;
        to[count++] = (struct shown){.service = s,
                                     .place = place,
                                     .time = time,
                                     .source = source,
                                     .number = i,
                                     .head = head,
                                     .stream = l->stream,
                                     .epoch = l->epoch,
                                     .affected = affected,
                                     .text = text->at,
                                     .length = text->length};
    }
    return count;
}

/* A later line of its service with an earlier stamp takes an entry with it. */
static size_t place_all(const struct service *s, size_t source, const struct question *q,
                        struct shown *to)
{
    static int64_t lowest[ENTRIES + 1];
    size_t count = entries(s, source, q, to), kept = 0;
    lowest[s->lines] = FOREVER;
    for (size_t i = s->lines; i-- > 0;) {
        int64_t t = s->line[i].time;
        lowest[i] = lowest[i + 1];
        if (t != NO_TIME && is_wanted(q, t) && t >= BELIEVED && t < lowest[i])
            lowest[i] = t;
    }
    for (size_t i = 0; i < count; i++) {
        struct shown *e = &to[i];
        if (!is_wanted(q, e->time))
            continue;
        int64_t place = e->place < q->until - 1 ? e->place : q->until - 1;
        place = lowest[e->number + 1] < place ? lowest[e->number + 1] : place;
        e->place = place > q->since ? place : q->since;
        to[kept++] = *e;
    }
    return kept;
}

static int compare(const void *a, const void *b)
{
    const struct shown *x = a, *y = b;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Who follows sees only so much of an entry as comes at once. */
static bool goes_with(const struct shown *a, const struct shown *b)
{
    return a->source == b->source && a->head == b->head && a->epoch == b->epoch;
}

/* -s, -g, -C, --entry: sets hit and near, and leaves out what -s does. The number of the others. */
static size_t choose(const struct question *q, struct shown *e, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (q->stream == 0 || e[i].stream == q->stream)
            e[kept++] = e[i];
    for (size_t i = 0; i < kept; i++) {
        e[i].hit =
            q->word == NULL || memmem(e[i].text, e[i].length, q->word, strlen(q->word)) != NULL;
        e[i].near = false;
    }
    for (size_t i = 0, end; i < kept && q->whole; i = end) {
        bool any = false;
        for (end = i; end < kept && goes_with(&e[i], &e[end]); end++)
            any |= e[end].hit;
        for (size_t j = i; j < end; j++)
            e[j].hit = any;
    }
    for (size_t i = 0; i < kept; i++)
        for (size_t j = i > q->context ? i - q->context : 0; j < kept && j <= i + q->context; j++)
            e[i].near |= e[j].hit;
    return kept;
}

static size_t keep_near(struct shown *e, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (e[i].near)
            e[kept++] = e[i];
    return kept;
}

/* -r: entries backward, the lines that continue one below it. */
static void turn_round(struct shown *e, size_t count)
{
    struct shown *turned = calloc(count + 1, sizeof *turned);
    size_t to = 0;
    for (size_t end = count, begin; end > 0; end = begin) {
        for (begin = end - 1; begin > 0 && goes_with(&e[begin - 1], &e[end - 1]); begin--)
            ;
        memcpy(turned + to, e + begin, (end - begin) * sizeof *e);
        to += end - begin;
    }
    memcpy(e, turned, count * sizeof *e);
    free(turned);
}

/* All entries that -S and -U leave, in order. */
static size_t sequence(const struct service *services, size_t count, const struct question *q,
                       struct shown *e)
{
    size_t all = 0;
    for (size_t i = 0; i < count; i++)
        if (q->some[i] && !services[i].dropped)
            all += place_all(&services[i], i, q, e + all);
    qsort(e, all, sizeof *e, compare);
    return all;
}

static struct shown *make_list(void)
{
    return calloc((SERVICES + 2) * ENTRIES, sizeof(struct shown));
}

size_t model_answer(const struct service *services, size_t count, const struct question *q,
                    struct shown **list)
{
    struct shown *e = *list = make_list();
    size_t all = keep_near(e, choose(q, e, sequence(services, count, q, e)));
    if (q->last < all) {
        memmove(e, e + (all - q->last), q->last * sizeof *e);
        all = q->last;
    }
    if (q->reverse)
        turn_round(e, all);
    return all;
}

/* --- -f --------------------------------------------------------------------------------------- */

bool model_knows_order(const struct question *q)
{
    int services = 0;
    for (int i = 0; i < SERVICES; i++)
        services += q->some[i];
    return q->present || services == 1;
}

/* As they are shown when they come: at once, by their stamps; of one service, as they stand. */
static int compare_new(const void *a, const void *b)
{
    const struct shown *x = a, *y = b;
    if (x->source == y->source)
        return x->number < y->number ? -1 : x->number > y->number;
    if (x->epoch != y->epoch)
        return x->epoch < y->epoch ? -1 : 1;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return x->source < y->source ? -1 : 1;
}

/* Entries that came, behind those that were there. */
static size_t add_new(const struct service *services, size_t count, const struct question *q,
                      struct shown *e, size_t old)
{
    size_t all = old;
    for (size_t i = 0; i < count; i++) {
        struct shown *new = e + all;
        size_t found = 0;
        if (q->some[i] && !services[i].dropped)
            found = entries(&services[i], i, q, new);
        for (size_t k = 0; k < found; k++)
            if (new[k].epoch > 0 && is_wanted(q, new[k].time))
                e[all++] = new[k];
    }
    if (model_knows_order(q))
        qsort(e + old, all - old, sizeof *e, compare_new);
    return all;
}

size_t model_followed(struct service *services, size_t count, const struct question *q,
                      const size_t *written, struct shown **list)
{
    size_t seen = 0, kept = 0;
    struct shown *first = make_list(), *e = *list = make_list();
    for (size_t i = 0; i < count; i++)
        services[i].lines = written[i];
    size_t old = sequence(services, count, q, e);
    memcpy(first, e, old * sizeof *e);
    for (size_t i = 0; i < count; i++)
        services[i].lines = services[i].written;
    size_t all = choose(q, e, add_new(services, count, q, e, old));
    old = choose(q, first, old);
    for (; seen < all; seen++)
        if (e[seen].near && !(seen < old && first[seen].near))
            e[kept++] = e[seen];
    free(first);
    for (size_t i = 0; i < kept; i++)
        e[i].hit = true; /* still to come */
    return kept;
}
