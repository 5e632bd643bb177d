/* What run and finish are forked with. */
#include "base/file.h"
#include "base/message.h"
#include "supervisor/descriptors.h"
#include "supervisor/longrun.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FDS_MAX = 8, INSTANCE_ROOM = 128 };

bool longrun_has_logger(const struct longrun *l)
{
    enum logging_mode mode;
    return l->logger.state != LOGGER_NONE &&
           logging_is_paired(&l->all->pid1->settings, l->definition, &mode);
}

static size_t stdio_fds(const struct longrun *l, struct process_fd *fds)
{
    const struct pid1 *p = l->all->pid1;
    bool bare = l->definition->keys.logging == LOGGING_CONSOLE;
    bool consumes = l->pipe.input[0] >= 0 && l->definition->consumer_for.count > 0;
    fds[0] = (struct process_fd){consumes ? l->pipe.input[0] : p->null, 0};
    fds[1] = (struct process_fd){bare ? 1 : p->out, 1};
    fds[2] = (struct process_fd){bare ? 2 : p->err, 2};
    if (longrun_has_logger(l)) {
        fds[1].from = l->logger.pipes.out_write;
        fds[2].from = l->logger.pipes.err_write;
    }
    if (l->pipe.consumer != NO_LONGRUN && l->all->item[l->pipe.consumer]->pipe.input[1] >= 0)
        fds[1].from = l->all->item[l->pipe.consumer]->pipe.input[1];
    return 3;
}

/* The words of a parent, and where it gets them. */
struct supervised {
    struct parent_command parent;
    char *argv[3];
    char instance[INSTANCE_ROOM];
};

/* What run and finish have in common. by is filled if they have a parent. */
static void fill(const struct longrun *l, struct process_spawn *s, struct supervised *by)
{
    const struct pid1 *p = l->all->pid1;
    *by = (struct supervised){{p->program, by->argv},
                              {(char *)(uintptr_t) "s6-supervise", l->definition->name, NULL},
                              ""};
    if (l->definition->instance != NULL) {
        snprintf(by->instance, sizeof by->instance, "INSTANCE=%s", l->definition->instance);
        s->envp = pid1_environment(p, by->instance);
    }
    s->parent = p->settings.parents ? &by->parent : NULL;
    s->directory = l->path;
    s->new_session = true;
    if (!longrun_has_logger(l))
        return;
    s->writes = logger_writes(&l->logger);
    s->gate = l->logger.pipes.journal[0];
}

/* What the last instance left behind may still hold it: the new one waits before its exec. Nobody
 * else may open it, whose lock the new one would wait for as well. */
static int open_service_lock(const struct longrun *l, struct error *e)
{
    char path[600];
    struct stat st;
    snprintf(path, sizeof path, "%s/supervise/service-lock", l->path);
    int fd = openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_system(e, "unable to open %s", path);
    if (fstat(fd, &st) == 0 && (st.st_mode & 0077) != 0)
        fchmod(fd, 0600); /* an earlier version made it */
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        message_line(MESSAGE_WARNING,
                     "s6-supervise %s: warning: a process of an earlier instance still lives (it "
                     "holds %s): the new one waits for its end",
                     l->definition->name, path);
    return fd;
}

void longrun_say_same_pids(struct longrun *l)
{
    if (!l->same_pids)
        message_line(MESSAGE_WARNING,
                     "s6-supervise %s: warning: flag-newpidns is ignored: it needs the "
                     "capability CAP_SYS_ADMIN (--cap-add SYS_ADMIN, or remove the file)",
                     l->definition->name);
    l->same_pids = true;
}

/* The descriptors that its files ask for, behind count others. -1 with e. */
static int special_fds(struct longrun *l, struct process_fd *fds, size_t *count, int *notify,
                       int *lock, struct error *e)
{
    if (descriptors_exist(&l->keys, e) < 0)
        return -1;
    if (l->keys.notification_fd >= 0) {
        *notify = run_open_notify(&l->run, l->keys.notification_fd);
        if (*notify < 0)
            return error_system(e, "unable to make the readiness pipe of %s", l->definition->name);
        fds[(*count)++] = (struct process_fd){*notify, l->keys.notification_fd};
    }
    if (l->keys.lock_fd >= 0) {
        *lock = open_service_lock(l, e);
        if (*lock < 0)
            return -1;
        fds[(*count)++] = (struct process_fd){*lock, l->keys.lock_fd};
    }
    return 0;
}

static enum child_role role_of(const struct process_spawn *s)
{
    return s->parent != NULL ? CHILD_PARENT : CHILD_SERVICE;
}

/* Without a pid namespace of its own where that is refused. */
static pid_t spawn(struct longrun *l, struct process_spawn *s, int *report, struct error *e)
{
    struct pid1 *p = l->all->pid1;
    l->run.forked = pid1_wall(p); /* before: what it says comes after its start */
    pid_t pid = pid1_spawn(p, s, role_of(s), l->index, report, e);
    if (pid >= 0 || !s->new_pids || e->why != EPERM)
        return pid;
    longrun_say_same_pids(l);
    s->new_pids = false;
    return pid1_spawn(p, s, role_of(s), l->index, report, e);
}

int longrun_spawn_run(struct longrun *l, struct error *e)
{
    struct process_fd fds[FDS_MAX];
    struct supervised by;
    char *argv[] = {(char[]){"./run"}, l->definition->name, NULL};
    struct process_spawn s = {
        .program = "./run", .argv = argv, .fds = fds, .new_pids = l->keys.new_pids};
    int notify = -1;
    int lock = -1;
    int report = -1;
    pid_t pid = -1;
    fill(l, &s, &by);
    s.fd_count = stdio_fds(l, fds);
    if (special_fds(l, fds, &s.fd_count, &notify, &lock, e) == 0) {
        s.lock = lock;
        pid = spawn(l, &s, &report, e);
    }
    fd_drop(&notify);
    fd_drop(&lock);
    if (pid < 0) {
        run_end(&l->run, false);
        return -1;
    }
    shortage_over(&l->all->pid1->shortage);
    l->machine.pid = s.parent != NULL ? 0 : pid;
    return run_begin(&l->run, report, s.parent != NULL ? pid : 0);
}

int longrun_spawn_finish(struct longrun *l, struct error *e)
{
    int status = l->machine.wait_status;
    bool killed = WIFSIGNALED(status);
    char code[16];
    char number[16];
    char group[24];
    struct process_fd fds[FDS_MAX];
    struct supervised by;
    int report = -1;
    snprintf(code, sizeof code, "%d", killed ? 256 : WEXITSTATUS(status));
    snprintf(number, sizeof number, "%d", killed ? WTERMSIG(status) : 0);
    snprintf(group, sizeof group, "%ld", (long)l->machine.run_pid);
    char *argv[] = {(char[]){"./finish"}, code, number, l->definition->name, group, NULL};
    struct process_spawn s = {.program = "./finish", .argv = argv, .fds = fds};
    fill(l, &s, &by);
    s.fd_count = stdio_fds(l, fds);
    pid_t pid = pid1_spawn(l->all->pid1, &s, role_of(&s), l->index, &report, e);
    if (pid < 0)
        return -1;
    l->machine.pid = s.parent != NULL ? 0 : pid;
    if (s.parent != NULL)
        run_begin_finish(&l->run, report, pid);
    else
        l->finish.report = report;
    return 0;
}
