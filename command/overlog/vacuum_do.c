#include "command/overlog/vacuum_do.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "command/s6/control_client.h"
#include "contract/paths.h"
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the clock between two runs -----------------------------------------------------------------
 */

enum { NOTE_MAX = 64 };

/* How long ago pid 1 was started, ns; -1: not known. */
static int64_t age_of_container(void)
{
    struct process_stat s;
    struct timespec up;
    int64_t ticks = (int64_t)getauxval(AT_CLKTCK);
    if (ticks <= 0 || process_stat(1, &s) < 0 || clock_gettime(CLOCK_BOOTTIME, &up) < 0)
        return -1;
    int64_t born = (int64_t)(s.born / (unsigned long long)ticks) * CLOCK_SECOND;
    return clock_ns(&up) - born;
}

/* The socket was made some time after the start, so the offset is too large by that: one that is
 * larger than now tells nothing. */
static void recall_start(struct age_clock *c)
{
    struct stat st;
    struct timespec wall = clock_wall();
    int64_t monotonic = clock_monotonic(), age = age_of_container();
    if (age < 0 || stat(RUN_CONTROL, &st) < 0)
        return;
    int64_t now = age_offset(&wall, monotonic);
    int64_t then = age_offset(&st.st_mtim, monotonic - age);
    *c = (struct age_clock){.known = true, .offset = then < now ? then : now};
}

/* How the clock was when archives were last looked at, by a note in /run, which goes with the
 * container's next start; without one, how it was when pid 1 made its control socket: so that one
 * which was set forward since the start shows. Outside of a container the clock stays unknown. */
static void recall_clock(struct age_clock *c)
{
    struct str text = STR_INIT;
    struct error ignored = ERROR_INIT;
    long long offset, paused;
    if (file_read(AT_FDCWD, RUN_VACUUM, NOTE_MAX, &text, &ignored) == 0 && text.length > 0 &&
        sscanf(text.data, "%lld %lld", &offset, &paused) == 2)
        *c = (struct age_clock){.known = true, .offset = offset, .paused = paused};
    else
        recall_start(c);
    str_release(&text);
}

/* As far as we may. */
static void note_clock(const struct age_clock *c)
{
    char text[NOTE_MAX];
    struct error ignored = ERROR_INIT;
    int length =
        snprintf(text, sizeof text, "%lld %lld\n", (long long)c->offset, (long long)c->paused);
    if (access(RUN_CONTROL, F_OK) == 0)
        file_replace(AT_FDCWD, RUN_VACUUM, text, (size_t)length, 0644, &ignored);
}

/* --- doing it -----------------------------------------------------------------------------------
 */

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
        recall_clock(&v->clock);
    do
        vacuum_plan(v, &q->rules, &now, monotonic);
    while (!only_say && vacuum_delete(v, root, q->path));
    if (q->rules.older > 0)
        note_clock(&v->clock);
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
