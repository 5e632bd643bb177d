#include "command/overlog/vacuum_do.h"
#include "base/clock.h"
#include "command/overlog/vacuum_clock.h"
#include "command/s6/control_client.h"
#include "contract/paths.h"
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <unistd.h>

/* For vacuum_look. */
static bool is_asked(void *context, const char *name)
{
    struct vacuum_request *q = context;
    bool asked = q->names[0] == NULL;
    for (size_t i = 0; q->names[i] != NULL; i++) {
        bool matches = fnmatch(q->names[i], name, 0) == 0;
        asked |= matches;
        q->matched[i] |= matches;
    }
    return asked;
}

int vacuum_do(struct vacuum *v, struct vacuum_request *q, bool only_say, struct error *e)
{
    struct timespec now = clock_wall();
    int64_t monotonic = clock_monotonic(); /* at the same moment */
    int root = open(q->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_system(e, "unable to open %s", q->path);
    if (vacuum_look(v, root, q->path, is_asked, q, e) < 0) {
        close(root);
        return -1;
    }
    if (q->rules.older > 0 && !v->clock.known)
        vacuum_clock_recall(&v->clock);
    do
        vacuum_plan(v, &q->rules, &now, monotonic);
    while (!only_say && vacuum_delete(v, root, q->path));
    if (q->rules.older > 0)
        vacuum_clock_note(&v->clock);
    return root;
}

void vacuum_tell(const char *name, long archives, int64_t bytes)
{
    char details[64];
    struct error ignored = ERROR_INIT;
    const char *words[] = {"event", "vacuum", name, details};
    snprintf(details, sizeof details, "archives=%ld bytes=%lld", archives, (long long)bytes);
    control_request(RUN_CONTROL, words, 4, &ignored);
}
