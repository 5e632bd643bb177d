#include "supervisor/diverted.h"
#include "base/message.h"
#include "base/signals.h"
#include "contract/paths.h"
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SCRIPTS ".s6-svscan/SIG"

enum { SCRIPT_MAX = 32, KNOWN_MAX = 32 /* more at once are run, but nobody looks how they end */ };

static void name_script(int signal, char out[SCRIPT_MAX])
{
    const char *name = signal_name(signal);
    snprintf(out, SCRIPT_MAX, SCRIPTS "%s", name == NULL ? "" : name);
}

/* By its mode: on a file system mounted noexec, too, it is run by its interpreter. */
static bool is_script(const char *script)
{
    char path[sizeof RUN_SCANDIR + SCRIPT_MAX];
    struct stat st;
    snprintf(path, sizeof path, RUN_SCANDIR "/%s", script);
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
}

bool diverted_begin(struct diverted *d, int signal)
{
    char script[SCRIPT_MAX];
    char *argv[] = {script, NULL};
    struct process_fd fds[] = {{d->pid1->null, 0}, {d->pid1->out, 1}, {d->pid1->err, 2}};
    struct error e = ERROR_INIT;
    name_script(signal, script);
    if (pid1_is_stopping(d->pid1) || !is_script(script))
        return false;
    struct process_spawn s = {
        .program = script,
        .argv = argv,
        .directory = RUN_SCANDIR,
        .fds = fds,
        .fd_count = 3,
        .new_session = true,
    };
    enum child_role role = d->running < KNOWN_MAX ? CHILD_DIVERTED : CHILD_NONE;
    pid_t pid = pid1_spawn(d->pid1, &s, role, (uint32_t)signal, NULL, &e);
    if (pid < 0) {
        message_warning("unable to run " RUN_SCANDIR "/%s: %s", script, e.text);
        return false;
    }
    d->running += role == CHILD_DIVERTED ? 1 : 0;
    return true;
}

bool diverted_failed(struct diverted *d, int signal, int status)
{
    char script[SCRIPT_MAX];
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    d->running--;
    if (code != EXIT_NOEXEC && code != EXIT_NOTFOUND)
        return false;
    name_script(signal, script);
    message_warning("unable to run " RUN_SCANDIR
                    "/%s (%d: %s), doing what the signal does without it",
                    script, code, code == EXIT_NOEXEC ? "not executable" : "no such program");
    return true;
}
