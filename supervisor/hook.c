#include "supervisor/hook.h"
#include "base/message.h"
#include "supervisor/cmd.h"

bool hook_start(struct hook *h)
{
    struct pid1 *p = h->pid1;
    struct words argv = WORDS_INIT;
    struct error e = ERROR_INIT;
    struct process_fd fds[3] = {{0, 0}, {p->out, 1}, {p->err, 2}};
    if (p->settings.hook == NULL || cmd_expand(p->settings.hook, &argv) < 0 || argv.count == 0) {
        words_release(&argv);
        return false;
    }
    struct process_spawn s = {
        .program = argv.item[0],
        .argv = argv.item,
        .directory = "/",
        .fds = fds,
        .fd_count = 3,
        .new_session = true,
        .by_shell = true,
    };
    pid1_enter(p, STAGE_HOOK);
    hooked_begin(&h->members, p->settings.services, p->settings.bundles, &argv);
    pid_t pid = pid1_spawn(p, &s, CHILD_HOOK, 0, &h->report, &e);
    words_release(&argv);
    if (pid < 0) {
        hooked_end(&h->members);
        message_warning("unable to run S6_STAGE2_HOOK: %s", e.text);
        return false;
    }
    h->pid = pid;
    return true;
}

int hook_reaped(struct hook *h, int status)
{
    const char *hook = h->pid1->settings.hook;
    int code = process_exit_code(status);
    char why[PID1_WHY_MAX];
    if (pid1_not_executed(h->pid1, &h->report, hook, why))
        message_fatal("%s", why);
    h->pid = 0;
    hooked_end(&h->members);
    if (h->pid1->stage != STAGE_HOOK)
        return code;
    if (code == 0)
        message_line(MESSAGE_INFO, RC_INIT ": info: hook %s exited 0", hook);
    else
        message_line(MESSAGE_WARNING, RC_INIT ": warning: hook %s exited %d", hook, code);
    return code;
}
