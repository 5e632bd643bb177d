/* CMD: the program that the container is run for, with the container's own descriptors and, if it
 * has one, its terminal. */
#include "base/clock.h"
#include "base/file.h"
#include "base/message.h"
#include "contract/paths.h"
#include "supervisor/exitcode.h"
#include "supervisor/supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int cmd_split(const char *text, struct words *out)
{
    while (*text != '\0') {
        size_t blank = strspn(text, " \t\n");
        size_t length = strcspn(text + blank, " \t\n");
        if (length > 0 && words_add_bytes(out, text + blank, length) < 0)
            return -1;
        text += blank + length;
    }
    return 0;
}

int cmd_expand(const char *text, struct words *out)
{
    struct words split = WORDS_INIT;
    int result = cmd_split(text, &split);
    for (size_t i = 0; i < split.count && result == 0; i++) {
        glob_t found = {.gl_pathc = 0};
        if (strpbrk(split.item[i], "*?[") == NULL) {
            result = words_add(out, split.item[i]);
            continue;
        }
        result = glob(split.item[i], GLOB_NOCHECK, NULL, &found) == 0 ? 0 : -1;
        for (size_t j = 0; j < found.gl_pathc && result == 0; j++)
            result = words_add(out, found.gl_pathv[j]);
        globfree(&found);
    }
    words_release(&split);
    return result;
}

static bool has_terminal(const struct supervisor *sv)
{
    return sv->pid1.settings.cmd_terminal && isatty(0);
}

int cmd_prepare(struct supervisor *sv, struct error *e)
{
    static const struct words none = WORDS_INIT;
    struct words *cmd = &sv->cmd;
    if (sv->given[0] == NULL)
        return 0;
    if (sv->pid1.settings.cmd_arg0 != NULL && cmd_expand(sv->pid1.settings.cmd_arg0, cmd) < 0)
        return error_system(e, "unable to keep S6_CMD_ARG0");
    for (char **word = sv->given; *word != NULL; word++)
        if (words_add(cmd, *word) < 0)
            return error_system(e, "unable to keep CMD");
    if (sv->pid1.settings.logging != LOGGING_DISK || has_terminal(sv))
        return 0;
    return logged_open(&sv->cmd_logger.logged, &sv->logging, ".cmd", LOGGING_DISK, &none, -1, e);
}

/* Pid 1 of a container with a terminal leads its session: it gives it up, and CMD takes it. Under
 * another init we share a session, where CMD goes to the foreground if we are there. */
static enum process_terminal release_terminal(void)
{
    pid_t session = tcgetsid(0);
    if (session < 0 || session != getsid(0))
        return PROCESS_TERMINAL_OWN;
    if (session != getpid())
        return tcgetpgrp(0) == getpgrp() ? PROCESS_TERMINAL_FRONT : PROCESS_TERMINAL_NONE;
    ioctl(0, TIOCNOTTY); /* and SIGHUP to us, which does nothing */
    return PROCESS_TERMINAL_OWN;
}

static void write_pid(pid_t pid)
{
    char text[24];
    struct error e = ERROR_INIT;
    int n = snprintf(text, sizeof text, "%ld\n", (long)pid);
    if (file_write(AT_FDCWD, RUN_CMDPID, text, (size_t)n, 0644, &e) < 0)
        message_warning("%s", e.text);
}

void cmd_start(struct supervisor *sv)
{
    struct error e = ERROR_INIT;
    struct process_fd fds[3] = {{0, 0}, {1, 1}, {2, 2}};
    if (sv->cmd.count == 0)
        return;
    if (sv->cmd_logger.logged.open) {
        fds[1].from = sv->cmd_logger.logged.out_write;
        fds[2].from = sv->cmd_logger.logged.err_write;
        logger_slot_start(&sv->cmd_logger);
    } else if (has_terminal(sv)) {
        fds[1].from = fds[2].from = 0;
    }
    struct process_spawn s = {
        .program = sv->cmd.item[0],
        .argv = sv->cmd.item,
        .directory = sv->workdir,
        .fds = fds,
        .fd_count = 3,
        .writes = logged_writes(&sv->cmd_logger.logged),
        .new_session = true,
        .by_shell = true,
    };
    if (isatty(0)) {
        s.terminal = release_terminal();
        s.new_session = s.terminal == PROCESS_TERMINAL_OWN;
    }
    sv->cmd_put_off = false;
    sv->cmd_pid = pid1_spawn(&sv->pid1, &s, CHILD_CMD, 0, &sv->cmd_report, &e);
    if (sv->cmd_pid < 0) {
        int why = errno;
        sv->cmd_pid = 0;
        if (shortage_is(why)) {
            sv->cmd_put_off = true;
            shortage_note(&sv->pid1.shortage, "", s.program, &e, why, pid1_now(&sv->pid1));
            supervisor_put_off(sv);
            return;
        }
        message_fatal("unable to run %s: %s", sv->cmd.item[0], e.text);
        stop_begin(sv, "cmd", 0, EXIT_SYSTEM, FINAL_EXIT);
        return;
    }
    shortage_over(&sv->pid1.shortage);
    if (sv->pid1.settings.cmd_signals)
        write_pid(sv->cmd_pid);
    pid1_event(&sv->pid1, "cmd", NULL, "pid=%ld", (long)sv->cmd_pid);
}

void cmd_again(struct supervisor *sv)
{
    if (sv->cmd_put_off && sv->pid1.stage == STAGE_RUNNING)
        cmd_start(sv);
}

bool cmd_signal(const struct supervisor *sv, int signal)
{
    static const int passed[] = {SIGTERM, SIGQUIT, SIGINT, SIGUSR1, SIGUSR2, SIGPWR, SIGWINCH};
    if (!sv->pid1.settings.cmd_signals || sv->cmd_pid <= 0 || sv->pid1.stage >= STAGE_STOPPING)
        return false;
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++)
        if (passed[i] == signal)
            return pid1_kill(&sv->pid1, sv->cmd_pid, signal) == 0;
    return false;
}

void cmd_explain(const struct pid1 *p, int *report, const char *program)
{
    struct process_failure failure = {.error = 0};
    char why[512];
    if (*report >= 0 && p->calls->report(*report, &failure) == 0) {
        process_explain(program, &failure, why, sizeof why);
        message_fatal("%s", why);
    }
    if (*report >= 0)
        close(*report);
    *report = -1;
}

void cmd_reaped(struct supervisor *sv, int status)
{
    int code = process_exit_code(status);
    cmd_explain(&sv->pid1, &sv->cmd_report, sv->cmd.item[0]);
    if (WIFSIGNALED(status))
        pid1_event(&sv->pid1, "cmdexit", NULL, "pid=%ld signal=%d", (long)sv->cmd_pid,
                   WTERMSIG(status));
    else
        pid1_event(&sv->pid1, "cmdexit", NULL, "pid=%ld code=%d", (long)sv->cmd_pid, code);
    sv->cmd_pid = 0;
    if (sv->pid1.settings.cmd_signals)
        unlink(RUN_CMDPID);
    if (sv->pid1.stage >= STAGE_STOPPING)
        return;
    exitcode_write(code);
    stop_begin(sv, "cmd", 0, code, FINAL_EXIT);
}
