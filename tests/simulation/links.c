/* Directories of services.d that come, change and go, by hand and by s6-svlink and s6-svunlink,
 * which wait for pid 1 and then act again. */
#include "base/file.h"
#include "contract/paths.h"
#include "tests/simulation/lives.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Who waits until the service of a directory has a supervisor, or has none any more. */
static struct linker {
    bool waits, comes;
    bool makes_up; /* s6-svlink -d: the file down goes then, and s6-svc -u comes */
    bool removes;  /* after s6-svunlink the directory goes, too */
    bool again;    /* and another takes its place */
} linkers[DIRECTORIES];

const char *link_name(uint32_t directory)
{
    static const char *const names[DIRECTORIES] = {"xeme", "yak", "zebu"};
    return names[directory];
}

/* A directory itself stands in the scan directory, or a link to one elsewhere. */
static bool is_linked(uint32_t directory)
{
    return random_mix(life.plan->seed, 500 + directory) % 3 != 0;
}

static void path_of(uint32_t directory, const char *file, char path[160])
{
    snprintf(path, 160, "%s/%s%s", is_linked(directory) ? "/run/here" : RUN_SCANDIR,
             link_name(directory), file);
}

static void put(uint32_t directory, const char *file, const char *content)
{
    char path[160];
    path_of(directory, file, path);
    files_write(path, content, 0755);
}

static bool has(uint32_t directory, const char *file)
{
    char path[160];
    path_of(directory, file, path);
    return access(path, F_OK) == 0;
}

static void make_directory(uint32_t directory)
{
    struct random r = {random_mix(life.plan->seed, 600 + directory)};
    if (has(directory, "/run"))
        return;
    put(directory, "/run", "");
    if (random_chance(&r, 60)) {
        put(directory, "/log/run", "");
        if (random_chance(&r, 40))
            put(directory, "/log/down", "");
    }
    if (random_chance(&r, 15))
        put(directory, "/down", "");
    if (random_chance(&r, 30))
        put(directory, "/timeout-kill", "700\n");
}

static bool make_link(uint32_t directory)
{
    char path[160], link[160];
    path_of(directory, "", path);
    snprintf(link, sizeof link, RUN_SCANDIR "/%s", link_name(directory));
    return is_linked(directory) && symlink(path, link) == 0;
}

void links_come(struct random *r)
{
    uint32_t directory = random_below(r, DIRECTORIES);
    struct linker *waits = &linkers[directory];
    bool by_svlink = random_chance(r, 40) && !waits->waits && is_linked(directory);
    make_directory(directory);
    if (by_svlink) {
        *waits = (struct linker){.waits = true, .comes = true, .makes_up = random_chance(r, 60)};
        if (waits->makes_up)
            put(directory, "/down", "");
    }
    bool linked = make_link(directory);
    story("%s %s%s", link_name(directory), linked ? "is linked" : "is there",
          by_svlink ? " by s6-svlink" : "");
    if (by_svlink || !random_chance(r, 15))
        callers_scan(by_svlink || random_chance(r, 80) ? "a" : "an");
}

void links_go(struct random *r)
{
    static const char *const letters[] = {"h", "an", "n", "aN", "an", "h"};
    char path[160];
    uint32_t directory = random_below(r, DIRECTORIES);
    struct linker *waits = &linkers[directory];
    bool all = random_chance(r, 35);
    bool by_svunlink = random_chance(r, 40) && !waits->waits && is_linked(directory);
    if (by_svunlink) {
        *waits = (struct linker){
            .waits = true, .removes = random_chance(r, 50), .again = random_chance(r, 50)};
    } else if (all) {
        path_of(directory, "", path);
        files_remove(path);
    }
    snprintf(path, sizeof path, RUN_SCANDIR "/%s", link_name(directory));
    unlink(path);
    story("%s is %s", link_name(directory),
          by_svunlink ? "unlinked by s6-svunlink"
          : all       ? "removed with its files"
                      : "unlinked");
    if (by_svunlink)
        callers_scan("an");
    else if (!random_chance(r, 15))
        callers_scan(letters[random_below(r, 6)]);
}

void links_change(struct random *r)
{
    static const char *const files[] = {"/down", "/log/down", "/finish", "/notification-fd",
                                        "/run",  "/log/run"};
    char path[160];
    uint32_t directory = random_below(r, DIRECTORIES);
    const char *file = files[random_below(r, 6)];
    if (!has(directory, ""))
        return;
    path_of(directory, file, path);
    bool there = has(directory, file);
    story("%s %s", path, there ? "goes" : "comes");
    if (there)
        unlink(path);
    else
        files_write(path, strstr(file, "fd") != NULL ? "3\n" : "", 0755);
}

/* --- those who wait --------------------------------------------------------------------------- */

/* Somebody reads its control fifo. */
static bool is_supervised(uint32_t directory, const char *folder)
{
    char path[160], file[64];
    snprintf(file, sizeof file, "%s/supervise/control", folder);
    path_of(directory, file, path);
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    fd_close(fd);
    return fd >= 0;
}

static void has_come(uint32_t directory, const struct linker *w)
{
    char path[160];
    story("s6-svlink: %s has a supervisor", link_name(directory));
    if (!w->makes_up)
        return;
    path_of(directory, "/down", path);
    unlink(path);
    path_of(directory, "/supervise/control", path);
    callers_write(path, "u");
}

/* Pid 1 has left it: what is there now is nothing to it. */
static void has_gone(uint32_t directory, const struct linker *w)
{
    char path[160];
    story("s6-svunlink: %s has no supervisor any more%s", link_name(directory),
          w->removes ? ", and goes" : "");
    if (w->removes) {
        path_of(directory, "", path);
        files_remove(path);
    }
    if (w->again) {
        make_directory(directory);
        make_link(directory);
        callers_scan("a");
    }
}

void links_wait(void)
{
    for (uint32_t i = 0; i < DIRECTORIES; i++) {
        const struct linker w = linkers[i];
        if (!w.waits || is_supervised(i, "") != w.comes ||
            (has(i, "/log/run") && is_supervised(i, "/log") != w.comes))
            continue;
        linkers[i].waits = false;
        (w.comes ? has_come : has_gone)(i, &w);
    }
}

void links_open(void)
{
    memset(linkers, 0, sizeof linkers);
}
