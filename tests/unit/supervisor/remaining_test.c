/* Processes that are still there: who is found, who is spared, what they are called. Each test is
 * pid 1 of a namespace whose /proc it writes itself, so what is there is what the test says. */
#include "supervisor/remaining.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* --- the namespace ---------------------------------------------------------------------------- */

static void check(bool good, const char *what, int line)
{
    if (good)
        return;
    fprintf(stderr, "remaining_test.c:%d: not so: %s\n", line, what);
    _exit(1);
}

#define CHECK(x) check(x, #x, __LINE__)

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

/* As root, or in a user namespace; children are in a pid namespace of their own. */
static void leave(void)
{
    char uid[32], gid[32];
    snprintf(uid, sizeof uid, "0 %u 1\n", geteuid());
    snprintf(gid, sizeof gid, "0 %u 1\n", getegid());
    if (unshare(CLONE_NEWNS | CLONE_NEWPID) == 0)
        return;
    CHECK(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) == 0);
    write_text("/proc/self/setgroups", "deny");
    write_text("/proc/self/uid_map", uid);
    write_text("/proc/self/gid_map", gid);
}

static void in_a_namespace(void (*body)(void))
{
    int status = 0;
    pid_t outer = fork();
    assert_true(outer >= 0);
    if (outer == 0) {
        leave();
        pid_t inner = fork();
        CHECK(inner >= 0);
        if (inner == 0) {
            CHECK(mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
            CHECK(mount("tmpfs", "/proc", "tmpfs", 0, NULL) == 0);
            body();
            _exit(0);
        }
        CHECK(waitpid(inner, &status, 0) == inner);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
    assert_int_equal(waitpid(outer, &status, 0), outer);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- processes -------------------------------------------------------------------------------- */

/* What /proc tells of a process: "PID (NAME) STATE PARENT ...". */
static void tell(pid_t pid, const char *stat)
{
    char path[64], text[600];
    snprintf(path, sizeof path, "/proc/%d", (int)pid);
    mkdir(path, 0755);
    strcat(path, "/stat");
    snprintf(text, sizeof text, "%d %s\n", (int)pid, stat);
    write_text(path, text);
}

static void tell_child(pid_t pid, const char *name, pid_t parent)
{
    char text[200];
    snprintf(text, sizeof text, "(%s) S %d 1 1 0", name, (int)parent);
    tell(pid, text);
}

/* A child that waits for a signal. */
static pid_t start(bool session)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        if (session)
            setsid();
        for (;;)
            pause();
    }
    while (session && getsid(pid) != pid)
        sched_yield();
    return pid;
}

static void *wait_too(void *ready)
{
    CHECK(write(*(int *)ready, "", 1) == 1);
    while (pause() < 0)
        continue;
    return NULL;
}

/* The same with a second thread, which has a number of its own. */
static pid_t start_threads(void)
{
    int ready[2];
    char byte;
    CHECK(pipe(ready) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, wait_too, &ready[1]) == 0);
        for (;;)
            pause();
    }
    CHECK(read(ready[0], &byte, 1) == 1 && close(ready[0]) == 0 && close(ready[1]) == 0);
    return pid;
}

/* The signal that ends it; 0: it lives. */
static int ended_by(pid_t pid)
{
    int status = 0;
    return waitpid(pid, &status, WNOHANG) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static int end_of(pid_t pid)
{
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void signals_all(void)
{
    pid_t one = start(false), two = start(false);
    tell_child(one, "one", 1);
    tell_child(two, "two) S 9 (", one); /* a name may hold anything */
    tell(getpid(), "(init) S 0 1 1 0");
    write_text("/proc/uptime", "1\n"); /* no process */
    struct remaining r = {.everything = true};
    CHECK(remaining_signal(&r, 0) == 2);
    CHECK(ended_by(one) == 0 && ended_by(two) == 0);
    CHECK(remaining_signal(&r, SIGKILL) == 2);
    CHECK(end_of(one) == SIGKILL && end_of(two) == SIGKILL);
    CHECK(remaining_signal(&r, SIGKILL) == 0); /* they are listed, and gone */
}

static void spares_loggers(void)
{
    pid_t logger = start(false), helper = start(false), other = start(false);
    pid_t excluded[] = {logger, 2000000, 1999999}; /* gets sorted */
    tell_child(logger, "logger", 1);
    tell_child(helper, "helper", logger);
    tell_child(other, "other", 1);
    struct remaining r = {.excluded = excluded, .excluded_count = 3, .everything = true};
    CHECK(remaining_signal(&r, SIGKILL) == 1);
    CHECK(end_of(other) == SIGKILL);
    CHECK(ended_by(logger) == 0 && ended_by(helper) == 0);
}

/* Not as pid 1: what descends from us, however deep, and nothing else. */
static void takes_descendants_only(void)
{
    pid_t child = start(false), grandchild = start(false), stranger = start(false);
    tell_child(child, "child", 1);
    tell_child(grandchild, "grandchild", child);
    tell_child(stranger, "stranger", 77777);
    struct remaining r = {.everything = false};
    CHECK(remaining_signal(&r, 0) == 2);
    r.everything = true;
    CHECK(remaining_signal(&r, 0) == 3);
    tell_child(stranger, "stranger", stranger); /* no end of parents */
    CHECK(remaining_signal(&r, 0) == 3);
    r.everything = false;
    CHECK(remaining_signal(&r, SIGKILL) == 2);
    CHECK(ended_by(stranger) == 0);
}

static void passes_over_the_dead(void)
{
    pid_t zombie = start(false), gone = start(false), odd = start(false);
    tell(zombie, "(zombie) Z 1 1 1 0");
    tell(gone, "(gone) X 1 1 1 0");
    tell(odd, "odd");
    tell(odd + 1, "");
    struct remaining r = {.everything = true};
    CHECK(remaining_signal(&r, SIGKILL) == 0);
    tell(odd, "(odd) S");
    CHECK(remaining_signal(&r, SIGKILL) == 0); /* cut short */
    CHECK(ended_by(zombie) == 0 && ended_by(gone) == 0 && ended_by(odd) == 0);
}

static void wakes_for_term(void)
{
    pid_t stopped = start(false);
    int status;
    tell_child(stopped, "stopped", 1);
    kill(stopped, SIGSTOP);
    CHECK(waitpid(stopped, &status, WUNTRACED) == stopped && WIFSTOPPED(status));
    struct remaining r = {.everything = true};
    CHECK(remaining_signal(&r, SIGTERM) == 1);
    CHECK(end_of(stopped) == SIGTERM);
}

static void names_the_first(void)
{
    char names[256] = "";
    for (int i = 0; i < 7; i++)
        tell_child(start(false), "a\nb\033", 1);
    struct remaining r = {.everything = true, .names = names, .names_size = sizeof names};
    CHECK(remaining_signal(&r, 0) == 7);
    CHECK(strstr(names, "a?b?") != NULL && strchr(names, '\n') == NULL);
    CHECK(strcmp(names + strlen(names) - 5, ", ...") == 0);
    int commas = 0;
    for (const char *c = names; *c != '\0'; c++)
        commas += *c == ',';
    CHECK(commas == 5);
    char few[6] = "";
    r.names = few;
    r.names_size = sizeof few;
    CHECK(remaining_signal(&r, 0) == 7 && strlen(few) == 5);
}

static void knows_that_it_cannot_know(void)
{
    struct remaining r = {.everything = true};
    CHECK(remaining_signal(&r, 0) == -1); /* there, and empty: not mounted */
    CHECK(umount2("/proc", MNT_DETACH) == 0 &&
          mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    CHECK(mount("tmpfs", "/", "tmpfs", 0, NULL) == 0 && chroot("/..") == 0 && chdir("/") == 0);
    CHECK(access("/proc", F_OK) < 0 && remaining_signal(&r, 0) == -1);
}

/* Without /proc the numbers are asked for. A logger's helper is in the session of the logger. */
static void probes_numbers(void)
{
    pid_t one = start_threads(), logger = start(true), two = start(false);
    struct remaining r = {.excluded = &logger, .excluded_count = 1, .everything = true};
    CHECK(remaining_probe(&r, two, 0) == 2);
    CHECK(remaining_probe(&r, 0, 0) == 2); /* some way above what is known */
    CHECK(remaining_probe(&r, REMAINING_PROBED + 10, 0) == 2);
    CHECK(remaining_probe(&r, two, SIGKILL) == 2);
    CHECK(end_of(one) == SIGKILL && end_of(two) == SIGKILL);
    CHECK(ended_by(logger) == 0);
    CHECK(remaining_probe(&r, two, SIGKILL) == 0);
}

#define IN_A_NAMESPACE(name, body)                                                                 \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        in_a_namespace(body);                                                                      \
    }

IN_A_NAMESPACE(everything_gets_the_signal, signals_all)
IN_A_NAMESPACE(loggers_and_their_children_are_spared, spares_loggers)
IN_A_NAMESPACE(elsewhere_only_descendants, takes_descendants_only)
IN_A_NAMESPACE(zombies_and_nonsense_do_not_count, passes_over_the_dead)
IN_A_NAMESPACE(a_stopped_one_is_woken_for_its_term, wakes_for_term)
IN_A_NAMESPACE(the_first_few_are_named, names_the_first)
IN_A_NAMESPACE(without_proc_it_cannot_know, knows_that_it_cannot_know)
IN_A_NAMESPACE(without_proc_numbers_are_probed, probes_numbers)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_gets_the_signal),
        cmocka_unit_test(loggers_and_their_children_are_spared),
        cmocka_unit_test(elsewhere_only_descendants),
        cmocka_unit_test(zombies_and_nonsense_do_not_count),
        cmocka_unit_test(a_stopped_one_is_woken_for_its_term),
        cmocka_unit_test(the_first_few_are_named),
        cmocka_unit_test(without_proc_it_cannot_know),
        cmocka_unit_test(without_proc_numbers_are_probed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
