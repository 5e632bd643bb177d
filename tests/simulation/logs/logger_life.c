/* Runs lives of a logger from seeds: its service, its supervisor, and what else happens. */
#include "tests/simulation/logs/logger_life.h"
#include "base/clock.h"
#include "base/command.h"
#include "base/error.h"
#include "contract/logger.h"
#include "logger/logger.h"
#include "rotate/logdir.h"
#include "tests/simulation/logs/kinds.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct logger_life life;

enum { CALLS_MOST = 2000000 /* of a life, or something does not end */, CONSOLE_INODE = 1000000 };

static const int64_t retry = CLOCK_SECOND;
static const int64_t wall_begin = INT64_C(1790000000) * CLOCK_SECOND;

/* --- the story -------------------------------------------------------------------------------- */

void life_story(const char *format, ...)
{
    char line[600];
    va_list list;
    if (!life.tells)
        return;
    int64_t ms = (kernel.now - KERNEL_START) / CLOCK_MS;
    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    printf("%5lld.%03d %6lu %s\n", (long long)(ms / 1000), (int)(ms % 1000), kernel.calls, line);
    fflush(stdout);
}

static void tell_directory(const struct node *directory)
{
    for (size_t i = 0; i < disk.names; i++)
        if (disk.name[i].directory == directory && directory != NULL)
            life_story("    %s: %zu bytes, %zu synced, mode %o, inode %lu", disk.name[i].text,
                       disk.name[i].node->data.length, disk.name[i].node->safe,
                       disk.name[i].node->mode, (unsigned long)disk.name[i].node->inode);
}

void life_fails(const char *kind, const char *format, ...)
{
    char why[400];
    va_list list;
    va_start(list, format);
    vsnprintf(why, sizeof why, format, list);
    va_end(list);
    tell_directory(life.directory);
    life_story("FAILS: %s: %s", kind, why);
    judge_fails(kind, why);
}

/* --- the supervisor --------------------------------------------------------------------------- */

static int run_logger(void *argument)
{
    static char *words[SCRIPT + 12];
    const struct logger_plan *p = life.plan;
    int count = 0;
    (void)argument;
    words[count++] = (char *)(uintptr_t) "logger";
    words[count++] = (char *)(uintptr_t) "-d";
    words[count++] = (char *)(uintptr_t) "/log/web";
    if (p->drops)
        words[count++] = (char *)(uintptr_t) "-D";
    if (life.resume)
        words[count++] = (char *)(uintptr_t) "-r";
    if (p->console != NULL)
        words[count++] = (char *)(uintptr_t)p->console;
    words[count++] = (char *)(uintptr_t) "web";
    words[count++] = (char *)(uintptr_t)p->mode;
    for (size_t i = 0; i < p->words; i++)
        words[count++] = life.plan->script[i];
    words[count] = NULL;
    struct invocation c = {.command = logger_commands, .argc = count, .argv = words};
    return logger_commands[0].run(&c);
}

static void make_memories(void)
{
    for (int i = 0; i < STREAMS; i++)
        life.journal[i] = node_new(NODE_MEMORY, 0600);
}

void life_make_pipes(void)
{
    for (int i = 0; i < STREAMS; i++) {
        life.pipe[i] = node_new(NODE_PIPE, 0600);
        life.pipe[i]->writers = 1;
    }
}

/* Of a logger, from its beginning to its end. */
static void deny(bool denied)
{
    if (denied == life.denies)
        return;
    life_story("directories can%s be opened", denied ? "not" : "");
    life.denies = kernel.faults = denied;
    kernel.fault[FAULT_LIST].percent = denied ? 100 : 0;
    kernel.fault[FAULT_LIST].why = EIO;
}

static void start_logger(void)
{
    deny(life.to_deny);
    life.to_deny = false;
    struct node *null = node_new(NODE_NULL, 0666);
    for (size_t i = 0; i < disk.names; i++)
        if (disk.name[i].directory == life.directory && life.directory != NULL)
            disk.name[i].node->old = true;
    life_story("a logger begins%s", life.resume ? ", where the last one was" : "");
    struct process *p = process_begin("logger", run_logger, NULL);
    process_give(p, 0, null, O_RDONLY);
    for (int i = 0; i < STREAMS; i++) {
        process_give(p, 1 + i, life.console[i], O_WRONLY);
        process_give(p, LOGGER_FD_OUT + i, life.pipe[i], O_RDONLY);
    }
    process_give(p, LOGGER_FD_LOCK, life.lock, O_RDWR);
    life.logger = p;
    life.start_at = NEVER;
}

static void give_memories(struct process *p)
{
    for (int i = 0; i < STREAMS; i++) {
        p->fd[LOGGER_FD_OUT_JOURNAL + i] = &life.kept[i];
        life.kept[i].refs++;
    }
    p->fd[LOGGER_FD_STATE] = &life.kept[0];
    life.kept[0].refs++;
}

void life_new_memories(void)
{
    make_memories();
    for (int i = 0; i < STREAMS; i++)
        life.kept[i] = (struct open){.node = life.journal[i], .refs = 1, .flags = O_RDWR};
}

static void begin_logger(void)
{
    start_logger();
    give_memories(life.logger);
    if (life.boundary)
        process_signal(life.logger, SIGUSR1);
}

/* The kill of a sweep has come, and the next is to. */
static void strike(void)
{
    const struct strike *s = &kernel.strike;
    life_story("the %s is killed %s its call %lu", s->what, s->within ? "within" : "after",
               s->call);
    life.kills++;
    life.struck_by[life.strikes++] = *s;
    kernel.strike = life.strikes < STRIKES ? life.plan->strike[life.strikes] : (struct strike){0};
}

static void ended(struct process *p)
{
    if (kernel.strike.came)
        strike();
    else if (kernel.strike.early && strcmp(p->what, kernel.strike.what) == 0)
        kernel.strike.call = 0;
    if (strcmp(p->what, "helper") == 0) {
        life_story("a helper has ended: %d", p->status);
        for (size_t i = 0; i < life.to_sync_count && p->pid == life.syncer; i++)
            life.to_sync[i]->synced |= p->status == 0 && life.struck == kernel.struck;
        return;
    }
    if (p == life.reader) {
        life.reader = NULL;
        bytes_add(&life.output, life.shown->data.at, life.shown->data.length);
        life_story("logcat has ended: %d", p->status >> 8);
        lines_reader_ends();
        return;
    }
    if (p == life.vacuum) {
        life.vacuum = NULL;
        life_story("vacuum has ended: %d", p->status);
        return;
    }
    if (p != life.logger)
        return;
    life.logger = NULL;
    life.resume = true;
    deny(false);
    life_story("the logger has ended: %s %d", p->status == SIGKILL ? "killed" : "exit code",
               p->status >> 8);
    life_find();
    int code = p->status >> 8;
    if (life.pipe[0]->writers == 0 && p->status == 0) {
        life.over = true;
        return;
    }
    bool failed = p->status != SIGKILL && code != 0 && code != LOGGER_EXIT_SUCCESSOR;
    if (failed && code != EXIT_SYSTEM)
        life_fails("exit code", "%d", code);
    life.start_at = kernel.now + (failed ? retry : 0);
}

static void begun(struct process *p)
{
    bool own = strcmp(kernel.helped->name, "/log/web") == 0;
    life_story("a helper begins%s, process %d", own ? "" : " in the other directory", p->pid);
    if (!own)
        return;
    life.syncer = p->pid;
    lines_to_sync();
}

/* --- what happens ----------------------------------------------------------------------------- */

void life_find(void)
{
    struct node *parent;
    char last[96];
    life.directory = disk_find(disk.root, "/log/web", &parent, last);
    life.other = disk_find(disk.root, "/log/other", &parent, last);
}

void life_step(long calls, int64_t until)
{
    int64_t next;
    for (;;) {
        life_find();
        bool idle = kernel_run(calls, &next);
        if (kernel.calls > CALLS_MOST)
            life_fails("hangs", "%d calls", CALLS_MOST);
        calls = kernel.budget;
        if (!idle || life.over)
            return;
        if (life.start_at < next)
            next = life.start_at;
        if (next > until || calls <= 0) {
            if (kernel.now < until)
                kernel.now = until;
            return;
        }
        if (kernel.now < next)
            kernel.now = next;
        if (life.start_at <= kernel.now && life.logger == NULL)
            begin_logger();
    }
}

static void end_pipes(void)
{
    for (int stream = 0; stream < STREAMS; stream++) {
        lines_cut_here(stream);
        life.pipe[stream]->writers = 0;
    }
}

/* Everything works again, the pipes are closed, and the logger comes to its end. */
void life_end(void)
{
    memset(kernel.fault, 0, sizeof kernel.fault);
    kernel.faults = kernel.interrupts = kernel.shorts = false;
    disk.capacity = SIZE_MAX;
    end_pipes();
    life_story("the service has ended");
    life_step(CALLS_MOST, kernel.now + 4000 * CLOCK_SECOND);
    if (!life.over)
        life_fails("hangs", "the logger does not come to its end");
}

/* --- one life --------------------------------------------------------------------------------- */

static void open_life(struct logger_plan *p, bool tells)
{
    life = (struct logger_life){.plan = p,
                                .tells = tells,
                                .retired = READING_OF(PLACE_RETIRED),
                                .retired_other = READING_OF(PLACE_OTHER)};
    kernel_open(p->seed);
    kernel.wall = wall_begin;
    kernel.strike = p->strike[0];
    kernel.begins = begun;
    kernel.ends = ended;
    disk_begin();
    disk_forgets = lines_forgotten;
    if (!p->plain_disk) {
        disk.no_links = p->no_links;
        disk.no_exchange = p->no_exchange;
        disk.no_renameat2 = p->no_renameat2;
        disk.no_modes = p->no_modes;
        if (p->largest > 0)
            disk.largest = p->largest;
    }
    disk_make_directory("/log");
    disk_make_directory("/run");
    disk_make_directory("/run/s6");
    for (int i = 0; i < STREAMS; i++) {
        life.console[i] = node_new(NODE_CONSOLE, 0620);
        life.console[i]->inode = CONSOLE_INODE + (ino_t)i; /* they are not the same */
    }
    life.lock = node_new(NODE_MEMORY, 0600);
    life_new_memories();
    life_make_pipes();
}

static void close_life(void)
{
    kernel.ends = NULL;
    kernel_close();
    disk_forgets = NULL;
    disk_end();
    for (int i = 0; i < STREAMS; i++)
        bytes_free(&life.fed[i]);
    bytes_free(&life.output);
}

uint64_t logger_live(void *plan, bool tells, uint64_t *hash)
{
    struct logger_plan *p = plan;
    open_life(p, tells);
    life.start_at = kernel.now;
    for (size_t i = 0; i < p->happenings; i++)
        if (!p->happening[i].dropped)
            life_happens(&p->happening[i]);
    life_end();
    if (p->vacuums)
        vacuum_in_peace((int64_t)(random_mix(p->seed, 3) % 30000));
    life_find();
    lines_check();
    uint64_t calls = kernel.calls;
    if (hash != NULL)
        *hash = kernel_hash();
    close_life();
    return calls;
}

void logger_enter(void)
{
    setenv("TZ", "Europe/Berlin", 1);
    setenv("OVERLOG_DIR", "/log", 1);
}

const struct kind logger_kind = {.name = "loggers",
                                 .size = sizeof(struct logger_plan),
                                 .each = 1,
                                 .enter = logger_enter,
                                 .draw = logger_draw,
                                 .live = logger_live,
                                 .part = logger_part,
                                 .tell = logger_tell};
