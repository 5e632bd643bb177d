/* Runs lives in children and shrinks those that fail. */
#include "tests/simulation/judge.h"
#include "base/clock.h"
#include "base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FAILED = 3, SECONDS_EACH = 10, SECONDS_WAITING = 120, TWICE = 50, FAILURES = 5 };

/* What a child tells us, whatever becomes of it. */
static struct {
    uint64_t seed; /* that lives now */
    uint64_t next; /* that is to live then; 0: none */
    uint64_t lives, turns;
    uint64_t hash[TWICE]; /* of the lives that are compared */
    char kind[64], why[400];
} * told;

static const struct kind *kind;

void judge_fails(const char *how, const char *why)
{
    snprintf(told->kind, sizeof told->kind, "%s", how);
    snprintf(told->why, sizeof told->why, "%s", why);
    fflush(stdout);
    _exit(FAILED);
}

/* Programs of the product keep much for good, and a report of a fault is to be short. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0:quarantine_size_mb=4:malloc_context_size=6:"
           "detect_stack_use_after_return=0:exitcode=77";
}

static void close_fds(int from)
{
    syscall(SYS_close_range, from, ~0U, 0);
}

/* Waits for it: true when all went well. */
static bool ended_well(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == FAILED)
        return false;
    snprintf(told->kind, sizeof told->kind, "%s",
             WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF ? "hangs" : "crash");
    snprintf(told->why, sizeof told->why, "wait status 0x%x; a sanitizer's report says more",
             (unsigned int)status);
    return false;
}

static pid_t begin_child(bool quiet)
{
    fflush(stdout);
    told->kind[0] = told->why[0] = '\0';
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (quiet) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null, 2);
    }
    close_fds(3); /* whatever we were given: a life begins with the same numbers always */
    if (kind->enter != NULL)
        kind->enter();
    return 0;
}

/* Of its own time, and of all, if it waits. Of pid 1 the other alarms are signals to it. */
static void limit(void)
{
    static timer_t timer; /* the first of a process is 0 */
    static bool has_timer;
    struct sigevent same = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
    const struct itimerspec wait = {.it_value = {.tv_sec = SECONDS_WAITING}};
    const struct itimerval most = {.it_value = {.tv_sec = SECONDS_EACH}};
    setitimer(ITIMER_PROF, &most, NULL);
    has_timer = has_timer || timer_create(CLOCK_MONOTONIC, &same, &timer) == 0;
    timer_settime(timer, 0, &wait, NULL);
}

static void *copy_of(const void *plan)
{
    void *copy = malloc(kind->size);
    if (copy == NULL)
        abort();
    return memcpy(copy, plan, kind->size);
}

/* True: it does not fail. */
static bool live_one(const void *plan, bool tells, bool quiet)
{
    pid_t pid = begin_child(quiet);
    if (pid == 0) {
        limit();
        kind->live(copy_of(plan), tells, NULL);
        _exit(0);
    }
    return ended_well(pid);
}

/* --- shrinking -------------------------------------------------------------------------------- */

static bool still_fails(const void *plan, const char *how)
{
    return !live_one(plan, false, true) && strcmp(told->kind, how) == 0;
}

static size_t parts_of(void *plan)
{
    size_t count = 0;
    while (kind->part(plan, count) != NULL)
        count++;
    return count;
}

/* Leaves out as many parts as it can, in ever smaller pieces. */
static bool shrink(void *plan, const char *how)
{
    bool any = false;
    size_t parts = parts_of(plan);
    for (size_t size = parts; size > 0; size /= 2)
        for (size_t at = 0; at < parts; at += size) {
            void *less = copy_of(plan);
            bool drops = false;
            for (size_t i = at; i < at + size && i < parts; i++) {
                bool *left_out = kind->part(less, i);
                drops = drops || !*left_out;
                *left_out = true;
            }
            if (drops && still_fails(less, how)) {
                memcpy(plan, less, kind->size);
                any = true;
            }
            free(less);
        }
    return any;
}

/* The story of a seed that fails: as short as it gets. */
static void tell_shrunk(void *plan)
{
    char how[sizeof told->kind];
    memcpy(how, told->kind, sizeof how);
    while (shrink(plan, how))
        ;
    printf("\nshrunk to this:\n");
    kind->tell(plan);
    live_one(plan, true, false);
    printf("%s: %s\n", told->kind, told->why);
}

/* --- many ------------------------------------------------------------------------------------- */

static uint64_t seed_after(uint64_t seed)
{
    return kind->next == NULL ? seed + 1 : kind->next(seed);
}

/* Lives until the first that fails, or some have been lived. */
static void live_some(uint64_t first, uint64_t count, bool hashed)
{
    void *plan = malloc(kind->size);
    told->next = first;
    for (uint64_t i = 0; i < count && told->next != 0; i++) {
        told->seed = told->next;
        limit();
        kind->draw(plan, told->seed);
        told->turns += kind->live(plan, false, hashed ? &told->hash[i] : NULL);
        told->lives++;
        told->next = seed_after(told->seed);
        close_fds(3);
    }
    _exit(0);
}

static int live_many(uint64_t count, uint64_t first)
{
    unsigned int failed = 0;
    int64_t begun = clock_monotonic();
    uint64_t seed = first;
    while (told->lives + failed < count && seed != 0 && failed < FAILURES) {
        uint64_t left = count - told->lives - failed;
        pid_t pid = begin_child(false);
        if (pid == 0)
            live_some(seed, left < kind->each ? left : kind->each, false);
        bool well = ended_well(pid);
        seed = well ? told->next : seed_after(told->seed);
        if (well)
            continue;
        void *plan = malloc(kind->size);
        failed++;
        printf("seed %llu fails: %s: %s\n", (unsigned long long)told->seed, told->kind, told->why);
        kind->draw(plan, told->seed);
        if (failed == 1)
            tell_shrunk(plan);
        free(plan);
    }
    double seconds = (double)(clock_monotonic() - begun) / CLOCK_SECOND;
    printf("simulate: %llu passed, %u failed; %llu turns, %.0f %s a second\n",
           (unsigned long long)told->lives, failed, (unsigned long long)told->turns,
           (double)told->lives / seconds, kind->name);
    return failed > 0;
}

/* --- twice ------------------------------------------------------------------------------------ */

/* The hashes of some lives; the first of them as the first of its process, or behind another. */
static bool hash_some(uint64_t first, uint64_t count, bool late)
{
    memset(told->hash, 0, sizeof told->hash);
    pid_t pid = begin_child(false);
    if (pid != 0)
        return ended_well(pid);
    if (late) {
        void *plan = malloc(kind->size);
        kind->draw(plan, first + count);
        kind->live(plan, false, NULL);
        close_fds(3);
    }
    live_some(first, count, true);
    return false;
}

/* What a seed does may depend on nothing but the seed. */
static int live_twice(uint64_t count, uint64_t first)
{
    const uint64_t each = kind->each < TWICE ? kind->each : TWICE;
    uint64_t once[TWICE];
    int differ = 0;
    for (uint64_t done = 0; done < count; done += each) {
        uint64_t some = count - done < each ? count - done : each;
        bool well = hash_some(first + done, some, false);
        memcpy(once, told->hash, sizeof once);
        if (!well || !hash_some(first + done, some, each > 1)) {
            printf("seed %llu fails: %s: %s\n", (unsigned long long)told->seed, told->kind,
                   told->why);
            return 1;
        }
        for (uint64_t i = 0; i < some; i++)
            if (once[i] != told->hash[i] && ++differ < 5)
                printf("seed %llu is not the same twice\n", (unsigned long long)(first + done + i));
    }
    printf("simulate: %llu twice, %d differ\n", (unsigned long long)count, differ);
    return differ > 0;
}

static int tell_one(uint64_t seed)
{
    void *plan = malloc(kind->size);
    kind->draw(plan, seed);
    printf("seed %llu:\n", (unsigned long long)seed);
    kind->tell(plan);
    bool well = live_one(plan, true, false);
    if (!well) {
        printf("%s: %s\n", told->kind, told->why);
        tell_shrunk(plan);
    }
    free(plan);
    return well ? 0 : 1;
}

int judge_run(const struct kind *k, int argc, char **argv)
{
    kind = k;
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (argc < 2 || told == MAP_FAILED) {
        fprintf(stderr, "usage: %s SEEDS [FIRST] | tell SEED | twice SEEDS [FIRST]\n", argv[0]);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "tell") == 0 && argc > 2)
        return tell_one(strtoull(argv[2], NULL, 10));
    if (strcmp(argv[1], "twice") == 0 && argc > 2)
        return live_twice(strtoull(argv[2], NULL, 10), argc > 3 ? strtoull(argv[3], NULL, 10) : 1);
    return live_many(strtoull(argv[1], NULL, 10), argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
}
