/* Somebody else deletes archives of all logs while the logger works: overlog vacuum, or the service
 * log-vacuum, once. */
#include "base/clock.h"
#include "rotate/vacuum.h"
#include "tests/simulation/logs/logger_life.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Bytes of all archives, but for those of n. */
static int64_t archives_without(const struct node *n)
{
    static struct name found[NAMES];
    const struct node *directories[] = {life.directory, life.other};
    int64_t sum = 0;
    for (int i = 0; i < 2; i++) {
        size_t count = directories[i] == NULL ? 0 : lines_list(directories[i], found);
        for (size_t k = 0; k < count; k++)
            sum += found[k].node == n ? 0 : (int64_t)found[k].node->data.length;
    }
    return sum;
}

static int run_vacuum(void *argument)
{
    struct error e = ERROR_INIT;
    struct vacuum v = {.count = 0};
    const struct vacuum_rules rules = {.most = life.vacuum_most};
    struct timespec now = clock_wall();
    (void)argument;
    int root = open("/log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root >= 0 && vacuum_look(&v, root, "/log", NULL, NULL, &e) == 0)
        do
            vacuum_plan(&v, &rules, &now, clock_monotonic());
        while (vacuum_delete(&v, root, "/log"));
    vacuum_release(&v);
    return 0;
}

void vacuum_begin(int64_t most)
{
    if (life.vacuum != NULL)
        return;
    life_find();
    life_story("vacuum begins: %lld bytes of %lld may stay", (long long)most,
               (long long)archives_without(NULL));
    life.vacuum_most = most;
    life.vacuum_high = archives_without(NULL);
    life.vacuum = process_begin("vacuum", run_vacuum, NULL);
    for (int fd = 0; fd < 3; fd++)
        process_give(life.vacuum, fd, node_new(NODE_NULL, 0), O_RDWR);
}

void vacuum_meets(const struct node *n, const char *name)
{
    if (life.vacuum == NULL || !lines_is_archive(name))
        return;
    int64_t size = (int64_t)n->data.length, sum = archives_without(n) + size;
    life.vacuum_high = sum > life.vacuum_high ? sum : life.vacuum_high;
    if (kernel.current != life.vacuum)
        return;
    if (life.vacuum_high <= life.vacuum_most)
        life_fails("vacuum", "%s is deleted, and archives never took more than %lld bytes", name,
                   (long long)life.vacuum_high);
}

/* One directory with its archives, the oldest first. */
struct vacuumed {
    struct name found[NAMES];
    size_t count, gone;
    int64_t left;
};

/* Which of two directories loses its oldest archive: the one that has most. */
static struct vacuumed *loser(struct vacuumed *a, struct vacuumed *b)
{
    if (a->gone == a->count || b->gone == b->count)
        return a->gone < a->count ? a : b;
    if (a->left != b->left)
        return a->left > b->left ? a : b;
    return strcmp(a->found[a->gone].text, b->found[b->gone].text) < 0 ? a : b;
}

/* Bytes that are left when no more than that many may stay, as overlog(1) has it. */
static int64_t stays(int64_t most)
{
    static struct vacuumed d[2];
    const struct node *directories[] = {life.directory, life.other};
    for (int i = 0; i < 2; i++) {
        d[i].count = directories[i] == NULL ? 0 : lines_list(directories[i], d[i].found);
        d[i].left = 0;
        d[i].gone = 0;
        for (size_t k = 0; k < d[i].count; k++)
            d[i].left += (int64_t)d[i].found[k].node->data.length;
    }
    while (d[0].left + d[1].left > most) {
        struct vacuumed *l = loser(&d[0], &d[1]);
        l->left -= (int64_t)l->found[l->gone++].node->data.length;
    }
    return d[0].left + d[1].left;
}

void vacuum_in_peace(int64_t most)
{
    life_find();
    int64_t expected = stays(most);
    vacuum_begin(most);
    life_step(1000000, kernel.now);
    life_find();
    int64_t left = archives_without(NULL);
    if (life.vacuum != NULL)
        life_fails("hangs", "vacuum does not come to its end");
    if (left != expected)
        life_fails("vacuum", "archives take %lld bytes, not %lld", (long long)left,
                   (long long)expected);
}
