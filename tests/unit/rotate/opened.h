/* A log directory of a test that is open, as its logger has it. For one file of a test program. */
#ifndef TESTS_UNIT_ROTATE_OPENED_H
#define TESTS_UNIT_ROTATE_OPENED_H

#include "rotate/logdir.h"
#include "tests/unit/rotate/directory.h"
#include <signal.h>
#include <sys/wait.h>

static struct directory dir;
static struct logdir ours;

static const struct logdir_settings plain = {
    .keep = 1000, .rotate = 4096, .tolerance = 100, .slots = -1};

/* Of cmocka: an empty directory, which is not open. */
static int setup(void **state)
{
    (void)state;
    umask(022);
    directory_make(&dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    directory_remove(&dir);
    return 0;
}

static void open_log(const struct logdir_settings *s, bool resume)
{
    struct error e = ERROR_INIT;
    int fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (logdir_open(&ours, fd, dir.path, s, resume, &e) < 0)
        fail_msg("%s", e.text);
}

/* Ends as a logger that is killed does: its helper dies too, nothing is marked. */
static void kill_log(void)
{
    if (ours.helper > 0) {
        kill(ours.helper, SIGKILL);
        waitpid(ours.helper, NULL, 0);
    }
    logdir_close(&ours, false);
}

#endif
