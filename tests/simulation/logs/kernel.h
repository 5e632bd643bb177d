/* A kernel of records for loggers, their helpers and logcat: processes, descriptors, a disk, time.
 *
 * Each process is a fiber that runs the product's own code. calls.c takes the place of the C
 * library's functions there: every call comes to kernel_call, where another process may go on
 * instead, and where a kill or a failure strikes. So a process can be stopped, or be over, between
 * any two calls, without a fork; and one number decides everything.
 *
 * The disk keeps what is synced apart from what is not: disk_crash loses some of the rest.
 */
#ifndef TESTS_SIMULATION_LOGS_KERNEL_H
#define TESTS_SIMULATION_LOGS_KERNEL_H

#include "tests/simulation/random.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct logdir;

#define KERNEL_START (INT64_C(1000) * 1000000000) /* monotonic ns at which a life begins */
#define NEVER INT64_MAX

enum { FDS = 64, PROCESSES = 12, NAMES = 400, CHANGES = 400, LOCKS = 4 };

struct bytes {
    char *at;
    size_t length, room;
};
void bytes_add(struct bytes *b, const void *from, size_t length);
void bytes_free(struct bytes *b);

/* --- the disk --------------------------------------------------------------------------------- */

enum node_kind {
    NODE_FILE,
    NODE_DIRECTORY,
    NODE_PIPE,
    NODE_MEMORY,  /* of a journal: room for all of it, at one place */
    NODE_CONSOLE, /* keeps what is written there */
    NODE_NULL,
    NODE_SIGNALS,
    NODE_EPOLL,
    NODE_PROCESS,
    NODE_INOTIFY /* of marks: what it watches */
};

struct node {
    enum node_kind kind;
    ino_t inode;
    mode_t mode;
    int names, opens;
    int writers;       /* of a pipe */
    struct bytes data; /* of a pipe: from `taken` on */
    size_t taken;
    size_t safe;        /* bytes of data that a crash leaves */
    struct bytes marks; /* of struct mark, since the last sync */
    struct timespec changed;
    int locks[LOCKS]; /* pid by byte; 0: free */
    struct process *process;
    bool old, synced;  /* an archive: older than its logger; a helper has synced it */
    struct node *next; /* of all */
};

struct name {
    struct node *directory, *node;
    char text[96];
};

/* A change of a name or a mode that is not synced, to be taken back by a crash. */
struct change {
    unsigned int group; /* those of one call happen together */
    struct node *directory, *before;
    char text[96]; /* empty: of a mode */
    mode_t mode;
};

/* How long a file was when so many changes had been made. */
struct mark {
    unsigned long change;
    size_t length;
};

struct disk {
    struct node *nodes, *root;
    struct name name[NAMES];
    size_t names;
    struct change change[CHANGES];
    size_t changes;
    unsigned long changed; /* changes ever made */
    unsigned int group;
    size_t used, capacity; /* bytes */
    size_t largest;        /* bytes of a file; SIZE_MAX: there is no limit */
    unsigned int watchers; /* inotify was asked for */
    bool moves;            /* names change by rename */
    bool no_links, no_exchange, no_renameat2, no_modes;
};

struct node *node_new(enum node_kind kind, mode_t mode);
/* The node of a path under a directory; NULL with errno. *parent and *last: where it would be. */
struct node *disk_find(struct node *at, const char *path, struct node **parent, char last[96]);
struct node *disk_look(const struct node *directory, const char *name);
/* Gives the name to the node, or to none. */
void disk_name(struct node *directory, const char *text, struct node *node);
/* Gives it a mode, or notes that it has grown. A file system with a journal keeps these and the
 * names in their order: what comes after a change that is lost is lost, too. */
void disk_mode(struct node *n, mode_t mode);
void disk_grown(struct node *n);
/* Everything before is safe, and the content of this file. */
void disk_sync(struct node *n);
/* The machine stops: what was not synced is lost from a moment of the disk's choice on. */
void disk_crash(struct random *r);
/* Called when a file that has bytes has lost its last name in a directory. */
extern void (*disk_forgets)(struct node *directory, struct node *n, const char *name);
struct node *disk_make_directory(const char *path);

/* --- processes -------------------------------------------------------------------------------- */

struct open {
    struct node *node;
    int refs, flags;
    off_t offset;
    struct name *list; /* of a directory that is being read */
    size_t listed, at;
};

enum doom { DOOM_NONE, DOOM_BEFORE, DOOM_WITHIN, DOOM_AFTER };

struct process {
    int pid;
    bool alive;   /* not alive: a free place, or a zombie whose end nobody has read */
    bool blocked; /* in epoll_wait, or asleep */
    int64_t wake_at;
    struct node *epoll; /* it is woken by what it watches there, too */
    enum doom doom;
    int dies_in; /* calls until it is killed; -1: it is not */
    int status;  /* wait status */
    struct process *parent;
    const char *what;
    int (*run)(void *argument);
    void *argument;
    struct open *fd[FDS];
    uint64_t signals;
    unsigned long calls;
    int kept_errno;
    void (*writer)(const char *line, size_t length);
    const char *name;
    void *fiber;  /* kernel.c's */
    void **block; /* memory that it has */
    size_t blocks, blocks_used;
};

enum fault_class {
    FAULT_WRITE,
    FAULT_OPEN,
    FAULT_CREATE,
    FAULT_RENAME,
    FAULT_UNLINK,
    FAULT_SYNC,
    FAULT_MODE,
    FAULT_STAT,
    FAULT_READ,
    FAULT_LIST,
    FAULT_JOURNAL,
    FAULT_FORK,
    FAULT_CLASSES
};

/* The kill of a sweep: at a call of the processes of a kind. */
struct strike {
    const char *what;   /* "logger", "helper" */
    unsigned long call; /* that many calls are made, and then no other; 0: it does not come */
    bool within;        /* of the last one a part only */
    bool early;         /* it comes before one of them waits or ends, or not at all */
    unsigned long made; /* calls so far */
    int pid;            /* who made the last one */
    bool came, parts;   /* it did; the last call can be done in part */
};

struct kernel {
    uint64_t seed;
    struct random random;
    int64_t now;  /* monotonic ns */
    int64_t wall; /* ns to be added to it */
    long budget;  /* calls until the life's next event */
    struct process process[PROCESSES];
    struct process *current; /* NULL: the life itself */
    int last_pid;
    unsigned long calls;
    struct {
        unsigned int percent;
        int why;
    } fault[FAULT_CLASSES];
    bool faults;                 /* some are set */
    bool interrupts;             /* EINTR now and then */
    bool shorts;                 /* writes take less than they are given, now and then */
    const struct logdir *helped; /* whose helper is about to be forked */
    unsigned int struck;         /* failures so far */
    bool left;                   /* a file that was to be deleted has been left */
    bool plain;                  /* splice has failed */
    struct strike strike;
    void (*begins)(struct process *p); /* a helper was forked */
    void (*ends)(struct process *p);   /* a process is over */
};

extern struct kernel kernel;
extern struct disk disk;

void kernel_open(uint64_t seed);
/* Of all that has happened. */
static inline uint64_t kernel_hash(void)
{
    return random_mix(random_mix(kernel.random.state, kernel.calls), (uint64_t)kernel.now);
}
void kernel_close(void);

/* A process that runs a function from now on. */
struct process *process_begin(const char *what, int (*run)(void *), void *argument);
/* Gives it a descriptor of that number. */
void process_give(struct process *p, int fd, struct node *n, int flags);
void process_kill(struct process *p, int status);
void process_signal(struct process *p, int signal);
/* What is left of its memory is kept, or freed. */
void process_forget(struct process *p);

/* Lets processes run until `budget` calls are made, or all of them wait. True: all wait; *next:
 * when the first goes on by itself. */
bool kernel_run(long budget, int64_t *next);

/* A call of the process that runs now: others may go on, and it may be over. */
void kernel_call(void);
/* The second half of a call that is done: the kill that was to come after it comes. */
void kernel_done(void);
/* How much of so many bytes the call is to do. */
size_t kernel_part(size_t bytes);
/* Whether the call is to fail, with errno. */
bool kernel_fails(enum fault_class class);
/* The process waits: until then, or until something of its epoll is ready. */
void kernel_wait(int64_t until, struct node *epoll);
bool epoll_is_ready(const struct node *epoll, const struct process *p);

/* The life's: whether what is written to a console is a message, which it takes. */
bool console_says(const char *text, size_t length);

/* --- calls_watch.c: inotify ------------------------------------------------------------------- */

void watch_tell(const struct node *directory, uint32_t mask, const char *name);
void watch_tell_modified(const struct node *n);
void watch_tell_name(const struct node *directory, const struct node *before,
                     const struct node *after, const char *name);
ssize_t watch_take(struct node *n, void *to, size_t size);

/* --- of calls.c ------------------------------------------------------------------------------- */

void open_release(struct process *p, int fd);
void disk_begin(void);
void disk_end(void);
void *__real_realloc(void *at, size_t size);
void __real_free(void *at);

#endif
