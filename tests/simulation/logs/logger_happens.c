/* What happens to a logger: faults, kills, clocks, crashes, and who calls logcat. */
#include "base/clock.h"
#include "base/command.h"
#include "logcat/logcat.h"
#include "tests/simulation/logs/logger_life.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

static void draw_faults(struct random *r)
{
    static const int reasons[] = {EIO, EIO, ENOSPC, EDQUOT, EACCES, EROFS};
    bool were = kernel.faults;
    memset(kernel.fault, 0, sizeof kernel.fault);
    kernel.faults = kernel.interrupts = kernel.shorts = false;
    if (were) {
        life_story("calls work again");
        return;
    }
    kernel.faults = true;
    kernel.interrupts = random_chance(r, 30);
    kernel.shorts = random_chance(r, 30);
    int why = reasons[random_below(r, 6)];
    uint32_t percent = random_chance(r, 40) ? 100 : 1 + random_below(r, 60);
    for (int i = 0; i < FAULT_CLASSES; i++)
        if (random_chance(r, 30)) {
            kernel.fault[i].percent = percent;
            kernel.fault[i].why = why;
        }
    kernel.fault[FAULT_FORK].why = EAGAIN;
    if (random_chance(r, 50)) /* no file of ours is one that we may not write to */
        kernel.fault[FAULT_OPEN].why = EMFILE;
    else if (why == EACCES)
        kernel.fault[FAULT_OPEN].why = EIO;
    kernel.fault[FAULT_JOURNAL].percent /= 4;
    life.was_full |= why == ENOSPC || why == EDQUOT;
    life_story("of some calls %u in 100 fail: %s", percent, strerror(why));
}

static void fill_disk(struct random *r)
{
    if (disk.capacity != SIZE_MAX) {
        disk.capacity = SIZE_MAX;
        life_story("the disk has room again");
        return;
    }
    life.was_full = true;
    disk.capacity = disk.used + random_below(r, 9000);
    life_story("the disk has room for %zu bytes", disk.capacity - disk.used);
}

static void stop_all(int status)
{
    for (struct process *p = kernel.process; p < kernel.process + PROCESSES; p++)
        if (p->alive)
            process_kill(p, status);
}

/* Journals and pipes are gone with the machine's memory, and with the service what it had begun. */
static void crash(struct random *r)
{
    life_story("the machine stops");
    life_find();
    lines_promise();
    life.reader = NULL; /* what it has shown is nothing to go by */
    life.vacuum = NULL;
    life.crashes++;
    life.logger = NULL;
    stop_all(SIGKILL);
    disk_crash(r);
    for (int stream = 0; stream < STREAMS; stream++) {
        lines_end_here(stream);
        bytes_add(&life.fed[stream], "\n", 1);
        for (long i = 0; i < life.lines[stream]; i++)
            life.line[stream][i].fate |= FATE_BEFORE_CRASH;
    }
    life.retired = (struct reading)READING_OF(PLACE_RETIRED);
    life.newest[0] = '\0';
    life.retired_other = (struct reading)READING_OF(PLACE_OTHER);
    life_new_memories();
    life_make_pipes();
    life.resume = life.boundary = false;
    life.start_at = kernel.now;
}

static void restart(void)
{
    life.boots++;
    life_end();
    life_new_memories();
    life_make_pipes();
    life.over = life.resume = life.boundary = false;
    life.start_at = kernel.now;
}

static int run_logcat(void *argument)
{
    char *words[] = {(char *)(uintptr_t) "logcat", (char *)(uintptr_t) "-o",
                     (char *)(uintptr_t) "raw", (char *)(uintptr_t) "/log/web", NULL};
    struct invocation c = {.command = logcat_commands, .argc = 4, .argv = words};
    (void)argument;
    return logcat_commands[0].run(&c);
}

static void read_log(void)
{
    if (life.reader != NULL || life.directory == NULL)
        return;
    life_story("logcat begins");
    life.shown = node_new(NODE_CONSOLE, 0);
    lines_reader_begins();
    life.reader = process_begin("logcat", run_logcat, NULL);
    process_give(life.reader, 0, node_new(NODE_NULL, 0), O_RDONLY);
    process_give(life.reader, 1, life.shown, O_WRONLY);
    process_give(life.reader, 2, node_new(NODE_CONSOLE, 0), O_WRONLY);
}

static void begin_instance(void)
{
    for (int stream = 0; stream < STREAMS; stream++)
        lines_cut_here(stream);
    life.boundary = true;
    life.kept[0].flags |= O_NONBLOCK;
    if (life.logger != NULL)
        process_signal(life.logger, SIGUSR1);
    life_story("an instance of the service ends");
}

/* The next one writes only when the line of the last one has its end. */
static void write_some(struct random *r)
{
    if ((life.kept[0].flags & O_NONBLOCK) != 0)
        return;
    life.boundary = false;
    lines_write(r);
    life_story("the service writes: o%ld and e%ld are next now", life.lines[0], life.lines[1]);
}

static void write_much(struct random *r)
{
    enum { ENOUGH = 50000, TRIES = 200 };
    if ((life.kept[0].flags & O_NONBLOCK) != 0)
        return;
    for (int i = 0; i < TRIES && life.pipe[0]->data.length - life.pipe[0]->taken < ENOUGH; i++)
        lines_write(r);
    write_some(r);
    lines_begin(r);
    lines_begin(r);
}

static void signal_logger(int signal, const char *name)
{
    if (life.logger == NULL)
        return;
    life_story("the logger gets %s", name);
    process_signal(life.logger, signal);
    life.hups += signal == SIGHUP;
}

static void kill_one(const char *what, struct random *r)
{
    static const char *const when[] = {"", "before a call", "within a call", "after a call"};
    for (struct process *p = kernel.process; p < kernel.process + PROCESSES; p++)
        if (p->alive && strcmp(p->what, what) == 0) {
            p->doom = (enum doom)(1 + random_below(r, 3));
            life_story("the %s is killed %s", what, when[p->doom]);
            life.kills++;
        }
}

/* It is written as a piece: something happens while that is done, or shortly before or after. */
static void stand(struct random *r)
{
    enum { ALL = 1000000, SOME = 24 };
    if ((life.kept[0].flags & O_NONBLOCK) != 0)
        return;
    life.boundary = false;
    lines_begin(r);
    life_story("the service begins a line: o%ld and e%ld go on", life.lines[0], life.lines[1]);
    life_step(ALL, kernel.now + 300 * CLOCK_MS);
    life_step((long)random_below(r, SOME), kernel.now + CLOCK_SECOND);
    if (random_chance(r, 30))
        lines_begin(r); /* more of it */
    if (random_chance(r, 60))
        kill_one("logger", r);
    else if (random_chance(r, 50))
        begin_instance();
}

static void set_clock(struct random *r)
{
    static const int64_t steps[] = {-3600, 3600, -1, 1, -86400, 40};
    int64_t step_by = steps[random_below(r, 6)] * CLOCK_SECOND;
    kernel.wall += step_by;
    life_story("the clock is set by %lld s", (long long)(step_by / CLOCK_SECOND));
}

/* Not in the middle of a batch: of that nobody knows how much goes to the file that is deleted. */
static void delete_logs(struct random *r)
{
    enum { ALL = 1000000 };
    bool all = random_chance(r, 30);
    life_step(ALL, kernel.now);
    struct node *file = life.directory == NULL ? NULL : disk_look(life.directory, "current");
    if (file == NULL)
        return;
    life_story("somebody deletes %s", all ? "the log directory" : "current");
    life.deletions++;
    life.deletes = true;
    lines_deleted(all ? NULL : file);
    for (size_t i = disk.names; i-- > 0;)
        if (disk.name[i].directory == life.directory && (all || disk.name[i].node == file))
            disk_name(life.directory, disk.name[i].text, NULL);
    if (all)
        disk_name(disk_look(disk.root, "log"), "web", NULL);
    life.deletes = false;
    life_find();
}

void life_happens(const struct happening *h)
{
    struct random r = {h->seed};
    const int64_t before = kernel.now;
    life_step(h->calls, kernel.now + h->ns);
    if (kernel.now == before + h->ns)
        lines_look(h->ns);
    switch (h->kind) {
    case HAPPENS_WRITE:
        write_some(&r);
        break;
    case HAPPENS_STAND:
        stand(&r);
        break;
    case HAPPENS_DENY:
        life.to_deny = true;
        break;
    case HAPPENS_MANY:
        write_much(&r);
        break;
    case HAPPENS_KILL:
        kill_one("logger", &r);
        break;
    case HAPPENS_HELPER:
        kill_one("helper", &r);
        kill_one("vacuum", &r);
        break;
    case HAPPENS_HUP:
        signal_logger(SIGHUP, "HUP");
        break;
    case HAPPENS_ROTATE:
        signal_logger(SIGALRM, "ALRM");
        break;
    case HAPPENS_BOUNDARY:
        begin_instance();
        break;
    case HAPPENS_FAULT:
        draw_faults(&r);
        break;
    case HAPPENS_FULL:
        fill_disk(&r);
        break;
    case HAPPENS_CLOCK:
        set_clock(&r);
        break;
    case HAPPENS_CRASH:
        crash(&r);
        break;
    case HAPPENS_RESTART:
        restart();
        break;
    case HAPPENS_READ:
        read_log();
        break;
    case HAPPENS_VACUUM:
        vacuum_begin(random_chance(&r, 20) ? 0 : random_below(&r, 60000));
        break;
    case HAPPENS_DELETE:
        delete_logs(&r);
        break;
    case HAPPENINGS_KINDS:
        break;
    }
}
