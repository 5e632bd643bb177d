#include "supervisor/descriptors.h"
#include "base/slots.h"
#include <sys/resource.h>

static bool allow(unsigned long number)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= number)
        return true;
    limit.rlim_cur = limit.rlim_max = number;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/* As many are left for what an update brings. */
static bool is_plenty(unsigned long number)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 2 >= number;
}

int descriptors_suffice(const struct catalogue *c, struct logging *g, struct error *e)
{
    enum { OWN = 40, OF_LONGRUN = 1, OF_PIPELINE = 2, OF_START = 2, MANY = 256 };
    struct rlimit limit;
    unsigned long paired = 0;
    unsigned long longruns = 0;
    unsigned long need = OWN;
    for (uint32_t i = 0; i < c->graph.count; i++) {
        const struct definition *d = catalogue_definition(c, i);
        enum logging_mode mode;
        if (d->type != DEFINITION_LONGRUN)
            continue;
        need += d->consumer_for.count > 0 ? OF_LONGRUN + OF_PIPELINE : OF_LONGRUN;
        longruns++;
        paired += logging_is_paired(&g->pid1->settings, d, &mode) ? 1 : 0;
    }
    need += longruns < EXECS_PENDING_MAX / OF_START ? longruns * OF_START : EXECS_PENDING_MAX;
    g->apart = is_plenty(need + paired * logging_descriptors(g, true));
    unsigned long all = need + paired * logging_descriptors(g, g->apart);
    if (all > MANY && allow(all + SLOTS_MAX + 1)) {
        slots_reserve();
        return 0;
    }
    if (allow(all))
        return 0;
    getrlimit(RLIMIT_NOFILE, &limit);
    return error_set(e, EXIT_SYSTEM,
                     "%lu services with loggers need %lu descriptors, the limit is %lu (--ulimit "
                     "nofile=%lu:%lu, or S6_LOGGING=0, which needs %lu)",
                     paired, all, (unsigned long)limit.rlim_cur, all, all, need);
}

int descriptors_exist(const struct service_keys *keys, struct error *e)
{
    struct service_keys wanted = *keys;
    struct rlimit now;
    int64_t before = -1;
    const char *name = NULL;
    for (const struct key_row *k = key_rows; k->name != NULL; k++) {
        if (k->kind != KEY_DESCRIPTOR)
            continue;
        int64_t value = key_number(k, key_place_in(k, &wanted));
        if (value >= 0 && value == before)
            return error_set(e, EXIT_USAGE, "%s and %s are both %lld", name, k->name,
                             (long long)value);
        if (value >= 0 && getrlimit(RLIMIT_NOFILE, &now) == 0 && (rlim_t)value >= now.rlim_cur)
            return error_set(e, EXIT_USAGE,
                             "%s is %lld, but the limit of open files is %llu (use a smaller "
                             "number, or raise the limit: --ulimit nofile)",
                             k->name, (long long)value, (unsigned long long)now.rlim_cur);
        before = value;
        name = k->name;
    }
    return 0;
}
