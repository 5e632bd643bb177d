/* Processes as fibers, and who of them goes on. */
#include "tests/simulation/logs/kernel.h"
#include "base/clock.h"
#include "base/message.h"
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

struct kernel kernel;

enum { STACK = 1 << 20 };

struct fiber {
    ucontext_t context;
    void *fake; /* the sanitizer's */
    char *stack;
    struct fiber *next; /* of those that are free */
};

static ucontext_t home;
static const void *home_stack;
static size_t home_size;
static struct fiber *spare;

void __sanitizer_start_switch_fiber(void **fake, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake, const void **bottom, size_t *size);
void __asan_unpoison_memory_region(const volatile void *at, size_t size);
void __real_message_to(message_writer *writer);
void __real_message_name(const char *name);

/* The C library's own: the sanitizer's would warn that it knows nothing of fibers, which it is told
 * of here. */
static void (*make)(ucontext_t *, void (*)(void), int, ...);
static int (*swap)(ucontext_t *, const ucontext_t *);

static void find_calls(void)
{
    void *library = dlopen("libc.so.6", RTLD_NOW);
    *(void **)&make = dlsym(library, "makecontext");
    *(void **)&swap = dlsym(library, "swapcontext");
    if (make == NULL || swap == NULL)
        abort();
}

/* --- fibers ----------------------------------------------------------------------------------- */

static struct fiber *fiber_take(void)
{
    struct fiber *f = spare;
    if (f != NULL) {
        spare = f->next;
        __asan_unpoison_memory_region(f->stack, STACK);
        return f;
    }
    f = __real_realloc(NULL, sizeof *f);
    memset(f, 0, sizeof *f);
    f->stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return f;
}

static void fiber_give(struct fiber *f)
{
    f->next = spare;
    spare = f;
}

/* From the process that runs to the life. */
static void go_home(bool over)
{
    struct process *p = kernel.current;
    struct fiber *f = p->fiber;
    p->kept_errno = errno;
    kernel.current = NULL;
    __sanitizer_start_switch_fiber(over ? NULL : &f->fake, home_stack, home_size);
    swap(&f->context, &home);
    __sanitizer_finish_switch_fiber(f->fake, &home_stack, &home_size);
    errno = p->kept_errno;
}

static void begin(void)
{
    struct process *p = kernel.current;
    __sanitizer_finish_switch_fiber(NULL, &home_stack, &home_size);
    p->status = p->run(p->argument) << 8;
    p->doom = DOOM_NONE;
    p->alive = false;
    go_home(true);
}

static void go_on(struct process *p)
{
    struct fiber *f = p->fiber;
    void *fake = NULL;
    kernel.current = p;
    __real_message_to(p->writer);
    __real_message_name(p->name);
    __sanitizer_start_switch_fiber(&fake, f->stack, STACK);
    swap(&home, &f->context);
    __sanitizer_finish_switch_fiber(fake, NULL, NULL);
    kernel.current = NULL;
}

/* --- processes -------------------------------------------------------------------------------- */

/* By itself: the compiler takes getcontext for a call that may return twice. */
static __attribute__((noinline)) void fiber_prepare(struct fiber *f)
{
    getcontext(&f->context);
    f->fake = NULL;
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = STACK;
    f->context.uc_link = NULL;
    make(&f->context, begin, 0);
}

struct process *process_begin(const char *what, int (*run)(void *), void *argument)
{
    struct process *p = kernel.process;
    while (p < kernel.process + PROCESSES && p->pid != 0)
        p++;
    if (p == kernel.process + PROCESSES)
        abort();
    struct fiber *f = fiber_take();
    *p = (struct process){.pid = ++kernel.last_pid,
                          .alive = true,
                          .dies_in = -1,
                          .what = what,
                          .run = run,
                          .argument = argument,
                          .name = what,
                          .fiber = f};
    fiber_prepare(f);
    return p;
}

void process_give(struct process *p, int fd, struct node *n, int flags)
{
    struct open *o = __real_realloc(NULL, sizeof *o);
    *o = (struct open){.node = n, .refs = 1, .flags = flags};
    n->opens++;
    p->fd[fd] = o;
}

void process_signal(struct process *p, int signal)
{
    p->signals |= UINT64_C(1) << signal;
}

void process_forget(struct process *p)
{
    for (size_t i = 0; i < p->blocks; i++)
        if (p->block[i] != NULL)
            __real_free(p->block[i]);
    __real_free(p->block);
    p->block = NULL;
    p->blocks = p->blocks_used = 0;
}

/* It is over: its descriptors and locks go, and its children with it, soon. */
static void clean_up(struct process *p)
{
    for (int fd = 0; fd < FDS; fd++)
        open_release(p, fd);
    fiber_give(p->fiber);
    p->fiber = NULL;
    for (struct process *c = kernel.process; c < kernel.process + PROCESSES; c++)
        if (c->pid != 0 && c->parent == p) {
            c->parent = NULL;
            if (c->alive)
                c->dies_in =
                    random_chance(&kernel.random, 50) ? 0 : (int)random_below(&kernel.random, 40);
            else
                *c = (struct process){.pid = 0};
        }
}

/* The end of p, however it came. */
static void end(struct process *p)
{
    clean_up(p);
    if (kernel.ends != NULL)
        kernel.ends(p);
    process_forget(p);
    if (p->parent != NULL)
        process_signal(p->parent, SIGCHLD);
    else
        p->pid = 0;
}

void process_kill(struct process *p, int status)
{
    if (!p->alive)
        return;
    p->alive = false;
    p->status = status;
    if (p != kernel.current)
        end(p);
}

/* --- calls ------------------------------------------------------------------------------------ */

static bool is_ready(const struct process *p)
{
    if (!p->alive)
        return false;
    if (!p->blocked || p->wake_at <= kernel.now)
        return true;
    return p->epoll != NULL && epoll_is_ready(p->epoll, p);
}

static void die(void)
{
    struct process *p = kernel.current;
    p->alive = false;
    p->status = SIGKILL;
    go_home(true);
    abort();
}

/* Whether this is the last call that a strike lets somebody make. */
static bool is_last(void)
{
    const struct strike *s = &kernel.strike;
    return s->call > 0 && s->made == s->call && s->pid == kernel.current->pid;
}

static void struck(void)
{
    kernel.strike.came = true;
    die();
}

static void count_call(const struct process *p)
{
    struct strike *s = &kernel.strike;
    if (is_last())
        struck();
    if (s->made == s->call || strcmp(p->what, s->what) != 0)
        return;
    s->made++;
    s->pid = p->pid;
}

void kernel_call(void)
{
    struct process *p = kernel.current;
    count_call(p);
    p->calls++;
    kernel.calls++;
    kernel.now += 1 + random_below(&kernel.random, 4000);
    if (p->doom == DOOM_BEFORE || p->dies_in == 0)
        die();
    if (p->dies_in > 0)
        p->dies_in--;
    kernel.budget--;
    if (kernel.budget <= 0 || random_chance(&kernel.random, 25))
        go_home(false);
    if (p->doom == DOOM_BEFORE)
        die();
}

void kernel_done(void)
{
    if (is_last())
        struck();
    if (kernel.current->doom == DOOM_WITHIN || kernel.current->doom == DOOM_AFTER)
        die();
}

size_t kernel_part(size_t bytes)
{
    bool half =
        kernel.current->doom == DOOM_WITHIN || (kernel.shorts && random_chance(&kernel.random, 10));
    if (is_last() && bytes > 1) {
        kernel.strike.parts = true;
        half |= kernel.strike.within;
    }
    return half && bytes > 1 ? 1 + random_below(&kernel.random, (uint32_t)bytes - 1) : bytes;
}

bool kernel_fails(enum fault_class class)
{
    if (!kernel.faults || kernel.fault[class].percent == 0 ||
        strcmp(kernel.current->what, "logcat") == 0 ||
        !random_chance(&kernel.random, kernel.fault[class].percent))
        return false;
    kernel.struck++;
    kernel.left |= class == FAULT_UNLINK;
    errno = kernel.fault[class].why;
    return true;
}

void kernel_wait(int64_t until, struct node *epoll)
{
    struct process *p = kernel.current;
    if (is_last())
        struck();
    if (kernel.strike.early && strcmp(p->what, kernel.strike.what) == 0)
        kernel.strike.call = 0;
    p->blocked = true;
    p->wake_at = until;
    p->epoll = epoll;
    go_home(false);
    p->blocked = false;
}

/* --- who goes on ------------------------------------------------------------------------------ */

static struct process *choose(void)
{
    struct process *ready[PROCESSES];
    uint32_t count = 0;
    for (struct process *p = kernel.process; p < kernel.process + PROCESSES; p++)
        if (is_ready(p) || (p->alive && (p->dies_in == 0 || p->doom == DOOM_BEFORE)))
            ready[count++] = p;
    return count == 0 ? NULL : ready[count == 1 ? 0 : random_below(&kernel.random, count)];
}

bool kernel_run(long budget, int64_t *next)
{
    struct process *p;
    kernel.budget = budget;
    while (kernel.budget > 0 && (p = choose()) != NULL) {
        if (p->blocked && (p->dies_in == 0 || p->doom != DOOM_NONE)) {
            process_kill(p, SIGKILL);
            continue;
        }
        go_on(p);
        if (!p->alive)
            end(p);
    }
    *next = NEVER;
    for (p = kernel.process; p < kernel.process + PROCESSES; p++)
        if (p->alive && p->blocked && p->wake_at < *next)
            *next = p->wake_at;
    return choose() == NULL;
}

void kernel_open(uint64_t seed)
{
    if (make == NULL)
        find_calls();
    kernel = (struct kernel){
        .seed = seed, .random = {random_mix(seed, 77)}, .now = KERNEL_START, .last_pid = 100};
}

void kernel_close(void)
{
    for (struct process *p = kernel.process; p < kernel.process + PROCESSES; p++)
        if (p->alive)
            process_kill(p, SIGKILL);
    for (struct process *p = kernel.process; p < kernel.process + PROCESSES; p++)
        p->pid = 0;
}
