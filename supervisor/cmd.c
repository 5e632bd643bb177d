#include "supervisor/cmd.h"
#include "base/container.h"
#include "base/message.h"
#include "contract/paths.h"
#include "supervisor/exitcode.h"
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int cmd_expand(const char *text, struct words *out)
{
    struct words split = WORDS_INIT;
    int result = words_split(&split, text, " \t\n");
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

static bool has_terminal(const struct cmd *c)
{
    return c->pid1->settings.cmd_terminal && isatty(0);
}

int cmd_prepare(struct cmd *c, struct error *e)
{
    static const struct words none = WORDS_INIT;
    const struct settings *s = &c->pid1->settings;
    if (c->argv[0] == NULL)
        return 0;
    if (s->cmd_arg0 != NULL && cmd_expand(s->cmd_arg0, &c->words) < 0)
        return error_system(e, "unable to keep S6_CMD_ARG0");
    for (char **word = c->argv; *word != NULL; word++)
        if (words_add(&c->words, *word) < 0)
            return error_system(e, "unable to keep CMD");
    if (s->logging != LOGGING_DISK || has_terminal(c))
        return 0;
    return logger_open(c->logger, ".cmd", LOGGING_DISK, &none, -1, e);
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

static void write_pid(const struct cmd *c)
{
    char text[24];
    struct error e = ERROR_INIT;
    int n = snprintf(text, sizeof text, "%ld\n", (long)c->pid);
    if (c->pid1->calls->write_file(AT_FDCWD, RUN_CMDPID, text, (size_t)n, 0644, &e) < 0)
        message_warning("%s", e.text);
}

/* What it is run with, and its terminal. */
static pid_t spawn(struct cmd *c, struct error *e)
{
    struct process_fd fds[3] = {{0, 0}, {1, 1}, {2, 2}};
    if (c->logger->state != LOGGER_NONE) {
        fds[1].from = c->logger->pipes.out_write;
        fds[2].from = c->logger->pipes.err_write;
        logger_start(c->logger);
    } else if (has_terminal(c)) {
        fds[1].from = fds[2].from = 0;
    }
    struct process_spawn s = {
        .program = c->words.item[0],
        .argv = c->words.item,
        .directory = c->workdir,
        .fds = fds,
        .fd_count = 3,
        .writes = logger_writes(c->logger),
        .new_session = true,
        .by_shell = true,
    };
    if (isatty(0)) {
        s.terminal = release_terminal();
        s.new_session = s.terminal == PROCESS_TERMINAL_OWN;
    }
    return pid1_spawn(c->pid1, &s, CHILD_CMD, 0, &c->report, e);
}

void cmd_start(struct cmd *c)
{
    struct pid1 *p = c->pid1;
    struct error e = ERROR_INIT;
    if (c->words.count == 0)
        return;
    pid_t pid = spawn(c, &e);
    if (pid < 0 && shortage_is(e.why)) {
        pid1_lacks(p, &p->shortage, "", c->words.item[0], &e);
        pid1_retry(p, &c->retry);
        return;
    }
    if (pid < 0) {
        message_fatal("unable to run %s: %s", c->words.item[0], e.text);
        notice_post(&p->notices, NOTICE_CMD, EXIT_SYSTEM);
        return;
    }
    shortage_over(&p->shortage);
    c->pid = pid;
    if (p->settings.cmd_signals)
        write_pid(c);
    pid1_event(p, "cmd", NULL, "pid=%ld", (long)c->pid);
}

static void start_again(struct retry *r)
{
    struct cmd *c = container_of(r, struct cmd, retry);
    if (c->pid1->stage == STAGE_RUNNING)
        cmd_start(c);
}

void cmd_init(struct cmd *c, struct pid1 *p, struct logger *l, char **argv, const char *workdir)
{
    *c = (struct cmd){.pid1 = p,
                      .logger = l,
                      .argv = argv,
                      .workdir = workdir,
                      .report = -1,
                      .retry = {.again = start_again}};
}

bool cmd_signal(const struct cmd *c, int signal)
{
    static const int passed[] = {SIGTERM, SIGQUIT, SIGINT, SIGUSR1, SIGUSR2, SIGPWR, SIGWINCH};
    if (!c->pid1->settings.cmd_signals || c->pid <= 0 || pid1_is_stopping(c->pid1))
        return false;
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++)
        if (passed[i] == signal)
            return pid1_kill(c->pid1, c->pid, signal) == 0;
    return false;
}

void cmd_reaped(struct cmd *c, int status)
{
    struct pid1 *p = c->pid1;
    int code = process_exit_code(status);
    char why[PID1_WHY_MAX];
    if (pid1_not_executed(p, &c->report, c->words.item[0], why))
        message_fatal("%s", why);
    bool oom = oom_takes(&p->oom, status);
    if (oom)
        oom_say(&p->oom, "CMD");
    if (WIFSIGNALED(status))
        pid1_event(p, "cmdexit", NULL, "pid=%ld signal=%d%s%s", (long)c->pid, WTERMSIG(status),
                   oom ? " oom=1" : "", WCOREDUMP(status) ? " core=1" : "");
    else
        pid1_event(p, "cmdexit", NULL, "pid=%ld code=%d", (long)c->pid, code);
    c->pid = 0;
    if (p->settings.cmd_signals)
        p->calls->unlink(RUN_CMDPID);
    if (pid1_is_stopping(p))
        return;
    exitcode_write(p->calls, code);
    notice_post(&p->notices, NOTICE_CMD, code);
}
