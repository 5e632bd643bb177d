/* /run/service as a scan directory: what s6-svscanctl of any s6 asks for there. */
#include "supervisor/runtree.h"
#include "supervisor/supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

/* Services come from definitions, so there is nothing to scan, to prune or to reap. */
static void asked(struct watch *w, uint32_t events)
{
    struct supervisor *sv =
        (struct supervisor *)(void *)((char *)w - offsetof(struct supervisor, scan));
    char letters[64];
    (void)events;
    ssize_t n = read(w->fd, letters, sizeof letters);
    for (ssize_t i = 0; i < n; i++) {
        if (memchr("tiqb", letters[i], 4) == NULL)
            continue;
        stop_begin(sv, "halt", 0, -1, FINAL_EXIT);
        if (letters[i] == 'q') /* nobody waits for services */
            stop_services_over(sv);
        else if (letters[i] == 'b')
            stop_hurry(sv);
    }
}

int scandir_open(struct supervisor *sv, struct error *e)
{
    sv->scan = (struct watch){.fd = -1, .ready = asked};
    if (mkdir(RUN_SCANDIR "/.s6-svscan", 0700) < 0 && errno != EEXIST)
        return error_system(e, "unable to make " RUN_SCANDIR "/.s6-svscan");
    if (supervise_lock(AT_FDCWD, RUN_LOCK) < 0) /* held for good */
        return error_system(e, "unable to lock " RUN_LOCK);
    sv->scan.fd = supervise_fifo(AT_FDCWD, RUN_SCANDIR "/.s6-svscan/control");
    if (sv->scan.fd < 0)
        return error_system(e, "unable to make " RUN_SCANDIR "/.s6-svscan/control");
    return loop_watch(&sv->loop, &sv->scan, EPOLLIN, e);
}
