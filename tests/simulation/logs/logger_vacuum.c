/* Somebody else deletes archives of all logs while the logger works: overlog vacuum, or the service
 * log-vacuum, once. */
#include "base/clock.h"
#include "rotate/vacuum.h"
#include "tests/simulation/logs/logger_life.h"
#include <fcntl.h>
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
            vacuum_plan(&v, &rules, &now);
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
    life.vacuum_last = 0;
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
    life.vacuum_last = size;
}

void vacuum_in_peace(int64_t most)
{
    vacuum_begin(most);
    life_step(1000000, kernel.now);
    life_find();
    int64_t left = archives_without(NULL);
    if (life.vacuum != NULL)
        life_fails("hangs", "vacuum does not come to its end");
    if (left > most)
        life_fails("vacuum", "archives still take %lld bytes", (long long)left);
    if (life.vacuum_last > 0 && left + life.vacuum_last <= most)
        life_fails("vacuum", "%lld bytes are left, and the last that was deleted had %lld",
                   (long long)left, (long long)life.vacuum_last);
}
