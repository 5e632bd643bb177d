#include "logcat/pager.h"
#include "base/process.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *command(void)
{
    const char *ours = getenv("OVERLOG_PAGER");
    const char *text = ours ? ours : getenv("PAGER");
    return text ? text : "less";
}

static bool is_wanted(void)
{
    const char *text = command();
    return *text && strcmp(text, "cat") != 0;
}

/* Starts a pager that reads from `in`. 0, or -1: it cannot be run. */
static int run(const char *text, int in, pid_t *pid)
{
    char *words[] = {"sh", "-c", (char *)text, NULL};
    bool shell = strpbrk(text, " \t|&;<>()$`\\\"'*?[#~=%") != NULL;
    const struct process_fd fds[] = {{in, 0}, {STDOUT_FILENO, 1}, {STDERR_FILENO, 2}};
    struct process_spawn s = {.program = shell ? "/bin/sh" : text,
                              .argv = shell ? words : words + 2,
                              .envp = environ,
                              .fds = fds,
                              .fd_count = 3};
    struct process_failure failure;
    struct error e = ERROR_INIT;
    int report = -1, result;
    *pid = process_spawn(&s, &report, &e);
    if (*pid < 0)
        return -1;
    fcntl(report, F_SETFL, 0); /* the answer is waited for */
    result = process_report(report, &failure) == 0 ? -1 : 0;
    close(report);
    if (result < 0)
        process_wait(*pid);
    return result;
}

/* Sets LESS, unless it is set, and adds that it begins at the end. */
static void set_less(bool at_end)
{
    struct str options = STR_INIT;
    setenv("LESS", "FRX", 0);
    const char *now = getenv("LESS");
    if (!at_end || !now)
        return;
    if (str_printf(&options, "%s%s +G", *now && *now != '-' && *now != '+' ? "-" : "", now) == 0)
        setenv("LESS", options.data, 1);
    str_release(&options);
}

static void start(struct output *o)
{
    int fds[2];
    o->full = NULL;
    set_less(o->at_end);
    setenv("LV", "-c", 0);
    if (pipe2(fds, O_CLOEXEC) < 0)
        return;
    if (run(command(), fds[0], &o->pager) == 0) {
        signal(SIGINT, SIG_IGN); /* ^C is for the pager while it has the terminal */
        o->fd = fds[1];
        o->shares_errors = isatty(STDERR_FILENO) && dup2(o->fd, STDERR_FILENO) >= 0;
    } else {
        o->pager = 0;
        close(fds[1]);
    }
    close(fds[0]);
}

void pager_offer(struct output *o)
{
    struct winsize size = {.ws_row = 0};
    if (!isatty(o->fd))
        return;
    ioctl(o->fd, TIOCGWINSZ, &size);
    o->rows = size.ws_row > 1 ? size.ws_row - 1U : 23;
    o->columns = size.ws_col > 0 ? size.ws_col : 80;
    o->full = is_wanted() ? start : NULL;
}

void pager_close(struct output *o)
{
    o->full = NULL;
    output_flush(o);
    if (o->pager <= 0)
        return;
    close(o->fd);
    if (o->shares_errors) /* the pager ends only when its last writer has closed */
        dup2(STDOUT_FILENO, STDERR_FILENO);
    process_wait(o->pager);
}
