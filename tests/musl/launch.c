/* Children that share our memory, which only the C library of the product lets them do. Says its
 * results as cmocka does. */
#include "base/launch.h"
#include "base/command.h"
#include "base/file.h"
#include "base/kernel_call.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 300 /* more than there are berths */ };

static char folder[] = "/tmp/launch-test-XXXXXX";
static int failures;
static int wrong;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                 \
            wrong++;                                                                               \
        }                                                                                          \
    } while (0)

static void write_script(const char *name, const char *text, mode_t mode)
{
    struct error e = ERROR_INIT;
    CHECK(file_write(AT_FDCWD, name, text, strlen(text), mode, &e) == 0);
}

/* The report of a child, once it is whole, and its wait status. */
static int end_of(pid_t pid, int report, struct process_failure *f, int *status)
{
    struct pollfd end = {.fd = report, .events = POLLIN};
    memset(f, 0, sizeof *f);
    while (poll(&end, 1, 60000) < 0 && errno == EINTR)
        ;
    int result = process_report(report, f);
    close(report);
    *status = process_wait(pid);
    return result;
}

static const struct {
    const char *program;
    bool by_shell;
} refused[] = {{"./missing", false}, {"./plain", false},  {"./lost", false},  {"./folder", false},
               {"./empty/x", false}, {"./text", false},   {"nowhere", false}, {"plain", false},
               {"./missing", true},  {"./plain/x", true}, {"nowhere", true},  {"plain", true},
               {"", false},          {"", true}};

static void try_refused(size_t i, struct process_failure *f, int *status)
{
    char *argv[] = {(char *)(uintptr_t)refused[i].program, (char[]){"word"}, NULL};
    struct process_spawn s = {.program = refused[i].program,
                              .argv = argv,
                              .envp = environ,
                              .directory = folder,
                              .by_shell = refused[i].by_shell};
    struct error e = ERROR_INIT;
    int report = -1;
    pid_t pid = process_spawn(&s, &report, &e);
    CHECK(pid > 0);
    CHECK(end_of(pid, report, f, status) == 0);
}

/* What cannot be executed is told as by a child of fork, to the letter. */
static void tells_what_fork_tells(void)
{
    enum { KINDS = sizeof refused / sizeof refused[0] };
    struct process_failure forked[KINDS], launched[KINDS];
    int forked_status[KINDS], launched_status[KINDS];
    for (size_t i = 0; i < KINDS; i++)
        try_refused(i, &forked[i], &forked_status[i]);
    launch_reserve();
    for (size_t i = 0; i < KINDS; i++) {
        try_refused(i, &launched[i], &launched_status[i]);
        CHECK(launched[i].error == forked[i].error && forked[i].error != 0);
        CHECK(strcmp(launched[i].step, forked[i].step) == 0);
        CHECK(launched_status[i] == forked_status[i]);
    }
}

static void becomes_what_is_asked_for(void)
{
    int ends[2];
    int report[2];
    char text[200] = "";
    struct process_failure f;
    int status;
    CHECK(pipe2(ends, O_CLOEXEC) == 0 && pipe2(report, O_CLOEXEC | O_NONBLOCK) == 0);
    const struct process_fd fds[] = {{ends[1], 7}, {ends[1], ends[0]}, {0, 0}};
    const struct rlimit files = {.rlim_cur = 77, .rlim_max = 78};
    char *argv[] = {(char[]){"./run"}, (char[]){"one"}, (char[]){"two words"}, NULL};
    char *envp[] = {(char[]){"PATH=/bin:/usr/bin"}, (char[]){"X=y"}, NULL};
    struct process_spawn s = {.program = "./run",
                              .argv = argv,
                              .envp = envp,
                              .directory = folder,
                              .fds = fds,
                              .fd_count = 3,
                              .nofile = &files,
                              .new_session = true};
    pid_t pid = launch(&s, report[1], 0, NULL);
    CHECK(pid > 0);
    close(report[1]);
    close(ends[1]);
    memset(argv[2], 'z', 9);
    CHECK(end_of(pid, report[0], &f, &status) == 1);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    ssize_t n = read(ends[0], text, sizeof text - 1);
    CHECK(n > 0 && strncmp(text, "one two words y 77 ", 19) == 0);
    CHECK(atoi(text + 19) == pid); /* its session */
    close(ends[0]);
}

/* In a later folder of PATH; and as a command of a shell, a script that names no interpreter. */
static void is_found_as_it_is_to_be_run(void)
{
    static const struct {
        const char *program;
        bool by_shell;
        int code;
    } found[] = {{"word", false, 3}, {"word", true, 3}, {"./text", true, 5}, {"text", true, 5}};
    char *argv[] = {(char[]){"word"}, (char[]){"good"}, NULL};
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++) {
        struct process_spawn s = {.program = found[i].program,
                                  .argv = argv,
                                  .envp = environ,
                                  .directory = folder,
                                  .by_shell = found[i].by_shell};
        pid_t pid = launch(&s, -1, 0, NULL);
        CHECK(pid > 0);
        int status = process_wait(pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == found[i].code);
    }
    struct process_spawn builtin = {
        .program = "test", .argv = argv, .envp = environ, .by_shell = true};
    CHECK(launch(&builtin, -1, 0, NULL) == -1 && errno == ENOSYS);
}

static atomic_int held;

static void hold(void)
{
    while (atomic_load(&held) != 0)
        kernel_call(SYS_sched_yield, 0, 0, 0, 0);
}

/* Nobody waits, and what it was given may go. */
static void nobody_waits_for_one_that_hangs(void)
{
    pid_t pid[MOST];
    int count = 0;
    int status = 0;
    atomic_store(&held, 1);
    for (; count < MOST; count++) {
        char *word = strdup("good");
        char *argv[] = {(char[]){"./word"}, word, NULL};
        struct process_spawn s = {
            .program = "./word", .argv = argv, .envp = environ, .directory = folder};
        pid[count] = launch(&s, -1, 0, hold);
        strcpy(word, "bad!");
        free(word);
        if (pid[count] < 0)
            break;
    }
    CHECK(count > 0 && count < MOST && errno == ENOSYS);
    atomic_store(&held, 0);
    for (int i = 0; i < count; i++)
        CHECK((status = process_wait(pid[i])) >= 0 && WIFEXITED(status) &&
              WEXITSTATUS(status) == 3);
    launch_rest(0);
}

static void a_berth_of_one_that_is_killed_is_free(void)
{
    char *argv[] = {(char[]){"./word"}, NULL};
    struct process_spawn s = {
        .program = "./word", .argv = argv, .envp = environ, .directory = folder};
    atomic_store(&held, 1);
    for (int i = 0; i < MOST; i++) {
        pid_t pid = launch(&s, -1, 0, hold);
        CHECK(pid > 0);
        if (pid <= 0)
            break;
        kill(pid, SIGKILL);
        int status = process_wait(pid);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    atomic_store(&held, 0);
}

/* Their errors are theirs. */
static void our_errno_is_ours(void)
{
    enum { ROUNDS = 60 };
    char *argv[] = {(char[]){"./missing"}, NULL};
    struct process_spawn s = {
        .program = "./missing", .argv = argv, .envp = environ, .directory = folder};
    for (int i = 0; i < ROUNDS; i++) {
        pid_t pid = launch(&s, -1, 0, NULL);
        int status = -1;
        CHECK(pid > 0);
        while (process_reap_one(pid, &status) == 0) {
            errno = 0;
            CHECK(close(-1) < 0 && errno == EBADF);
        }
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOTFOUND);
    }
}

static void run(const char *name, void (*test)(void))
{
    wrong = 0;
    test();
    failures += wrong > 0;
    printf("[  %s ] %s\n", wrong > 0 ? "FAILED " : "     OK", name);
}

int main(int argc, char **argv)
{
    struct error e = ERROR_INIT;
    char path[200];
    if (strcmp(argv[0], LAUNCH_NAME) == 0)
        return launch_again(argc, argv);
    command_program = "/proc/self/exe";
    process_know_signals();
    if (mkdtemp(folder) == NULL || chdir(folder) < 0 || mkdir("folder", 0755) < 0)
        return 1;
    write_script(
        "run", "#!/bin/sh\necho $1 $2 $X $(ulimit -n) $(cut -d' ' -f6 /proc/$$/stat) >&7\nexit 7\n",
        0755);
    write_script("word", "#!/bin/sh\n[ \"$1\" = good ] && exit 3\n", 0755);
    write_script("plain", "#!/bin/sh\n", 0644);
    write_script("lost", "#!/nowhere/sh\n", 0755);
    write_script("text", "[ \"$1\" = good ] && exit 5\n", 0755);
    snprintf(path, sizeof path, "/nowhere:%s/plain:%s:/bin:/usr/bin", folder, folder);
    setenv("PATH", path, 1);
    run("tells_what_fork_tells", tells_what_fork_tells);
    run("becomes_what_is_asked_for", becomes_what_is_asked_for);
    run("is_found_as_it_is_to_be_run", is_found_as_it_is_to_be_run);
    run("nobody_waits_for_one_that_hangs", nobody_waits_for_one_that_hangs);
    run("a_berth_of_one_that_is_killed_is_free", a_berth_of_one_that_is_killed_is_free);
    run("our_errno_is_ours", our_errno_is_ours);
    file_remove_tree(AT_FDCWD, folder, &e);
    return failures > 0;
}
