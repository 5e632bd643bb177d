/* notify: sd_notify for a service. */
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/s6/service.h"
#include "command/tools/beside.h"
#include "command/tools/notify_serve.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* Where readiness is told; -1: nobody hears of it. */
static int ready_fd(const struct invocation *c, int *fd)
{
    *fd = -1;
    if (!given('3') && access("notification-fd", F_OK) < 0) {
        message_warning("there is no notification-fd: nobody hears of READY=1");
        return 0;
    }
    int code = service_notification_fd(c, fd);
    if (code == 0 && *fd <= 2) /* it is closed for prog, which needs these */
        return refuse(EXIT_USAGE, "descriptor %d is no place to tell readiness: take 3 or more",
                      *fd);
    return code;
}

static int begin(const struct invocation *c, char path[NOTIFY_PATH_MAX])
{
    struct error e = ERROR_INIT;
    int fds[NOTIFY_FDS];
    int code = ready_fd(c, &fds[NOTIFY_FD_READY]);
    if (code != 0)
        return code;
    fds[NOTIFY_FD_SOCKET] = notify_open(path, &e);
    if (fds[NOTIFY_FD_SOCKET] < 0) {
        const char *cure = errno != EACCES ? ""
                                           : " (notify has to stand before s6-setuidgid, or what "
                                             "else changes the user)";
        return refuse(e.code, "%s%s", e.text, cure);
    }
    code = beside_start(c, fds, NOTIFY_FDS);
    for (size_t i = 0; i < NOTIFY_FDS; i++)
        fd_close(fds[i]);
    return code;
}

static int run_notify(struct invocation *c)
{
    char path[NOTIFY_PATH_MAX];
    uint64_t service = 0;
    if (options_read(c, 1) != 0 || options_number(c, argument_of('X'), INT_MAX, &service) != 0)
        return EXIT_USAGE;
    if (service != 0)
        return notify_serve((pid_t)service);
    int code = begin(c, path);
    if (code != 0)
        return code;
    if (setenv("NOTIFY_SOCKET", path, 1) < 0)
        return fail("set", "NOTIFY_SOCKET");
    return command_chain(c, options.operand);
}

static const char notify_options[] =
    "-3 fd   where readiness is told (what ./notification-fd says)\n"
    "-X pid\n"
    /* our own: be the one that listens */;

const struct command command_sdnotify[] = {{"notify", "[-3 fd] prog...",
                                            "run a service that tells how it is by sd_notify",
                                            notify_options, run_notify},
                                           {.name = NULL}};
