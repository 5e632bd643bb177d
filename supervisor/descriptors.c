/* Whether there are descriptors enough for all services: said before anything is started. */
#include "base/slots.h"
#include "supervisor/supervisor.h"
#include <errno.h>
#include <sys/resource.h>

static bool allow(unsigned long number)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= number)
        return true;
    limit.rlim_cur = limit.rlim_max = number;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

int descriptors_suffice(const struct supervisor *sv, struct error *e)
{
    enum { OWN = 40, OF_LONGRUN = 1, OF_PIPELINE = 2, OF_START = 2, MANY = 256 };
    struct rlimit limit;
    unsigned long paired = 0;
    unsigned long longruns = 0;
    unsigned long need = OWN;
    for (uint32_t i = 0; i < sv->graph.count; i++) {
        const struct definition *d = supervisor_definition(sv, i);
        enum logging_mode mode;
        if (d->type != DEFINITION_LONGRUN)
            continue;
        need += d->consumer_for.count > 0 ? OF_LONGRUN + OF_PIPELINE : OF_LONGRUN;
        longruns++;
        paired += longrun_is_paired(sv, d, &mode) ? 1 : 0;
    }
    need += longruns < PUMP_REPORTS / OF_START ? longruns * OF_START : PUMP_REPORTS;
    unsigned long all = need + paired * logged_descriptors(&sv->logging);
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

int descriptors_exist(const struct servicedir *files, struct error *e)
{
    struct rlimit now;
    const int wanted[] = {files->notification_fd, files->lock_fd};
    static const char *const names[] = {"notification-fd", "lock-fd"};
    errno = EINVAL;
    if (wanted[0] >= 0 && wanted[0] == wanted[1])
        return error_set(e, EXIT_USAGE, "notification-fd and lock-fd are both %d", wanted[0]);
    for (int i = 0; i < 2; i++)
        if (wanted[i] >= 0 && getrlimit(RLIMIT_NOFILE, &now) == 0 &&
            (rlim_t)wanted[i] >= now.rlim_cur)
            return error_set(e, EXIT_USAGE,
                             "%s is %d, but the limit of open files is %llu (use a smaller number, "
                             "or raise the limit: --ulimit nofile)",
                             names[i], wanted[i], (unsigned long long)now.rlim_cur);
    return 0;
}
