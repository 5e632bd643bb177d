/* All of pid 1 in one process, on simulated time. The seam (supervisor/pid1_calls.h) ends here:
 * children are records, a clock goes on only while everybody waits, and signals to children are
 * lines of a journal. Files under /run and /etc are real, on file systems of the test's own.
 *
 * 1. simulated_open in the setup of a test; 2. simulated_service for each service; 3.
 * simulated_boot;
 * 4. simulated_run, simulated_end and so on, and looks at the journal; 5. simulated_close.
 *
 * The journal has a line for each thing that can be seen from outside, in order:
 *
 *   run web                a child is spawned: a run; also "finish web 0 15", "logger web",
 *                          "up init", "exec CMD"
 *   TERM web               a signal to it; "TERM -web" to its group, "TERM all" to everybody
 *   say s6-rc: info: ...   a message
 *
 * simulated_at puts the time before each: "3.000 KILL web". A random simulation draws what a test
 * says here from a seed: whom it ends and when, and by `order` which events come first.
 */
#ifndef TESTS_SIMULATED_H
#define TESTS_SIMULATED_H

#include "supervisor/parts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SIMULATED_PROCESSES = 512, SIMULATED_FDS = 4 };

struct simulated_process {
    pid_t pid;
    bool alive;
    bool child;                          /* of pid 1, which hears of its end */
    bool logger;                         /* pid 1 leaves it alone until the drain */
    char label[64];                      /* as in the journal: "web" */
    char command[256];                   /* its words, joined by blanks */
    int report;                          /* write end of its exec report; -1: it was executed */
    struct process_fd fd[SIMULATED_FDS]; /* copies of its descriptors from 3 on */
    size_t fds;
    int in, out, err; /* numbers of pid 1 at the time */
    bool stubborn;    /* TERM and the like do not end it */
    pid_t passed;     /* socket of the caller whose descriptors it takes, 0 none */
    pid_t parent;     /* "web/parent": ends with it, unless it was killed before; 0 none */
};

struct simulated {
    struct supervisor *sv;
    struct settings settings; /* may be changed before simulated_boot */
    int64_t now;              /* monotonic ns; the test begins at 1000 s */
    int64_t until;
    bool reached;
    bool over; /* pid 1 has ended, with: */
    int code;
    struct simulated_process process[SIMULATED_PROCESSES];
    size_t processes;
    pid_t ended[SIMULATED_PROCESSES]; /* not reaped yet, the first first */
    int status[SIMULATED_PROCESSES];
    size_t ends;
    size_t looks; /* at all children, for those that have ended */
    char *journal;
    size_t length;
    bool with_time;
    int spawn_fails;    /* errno of every spawn; 0: they succeed */
    int files_fail;     /* errno of every file that is written under /run */
    bool hold_reports;  /* whether a run was executed is said by simulated_executed */
    bool hold_births;   /* of those with a parent, the pid is told by simulated_born */
    bool service_first; /* of a process and its parent that end together, who is reaped first */
    bool stubborn;      /* those who are spawned from now on */
    bool counts_kills;  /* there is a control group; the next are what its files say: */
    long long kills, memory_limit;
    const char *refuses; /* label of one that no signal reaches: EPERM */
    /* NULL, or puts the events of a turn into another order. */
    void (*order)(struct epoll_event *events, int count);
};

extern struct simulated simulated;

#define SIMULATED_TEST(test) cmocka_unit_test_setup_teardown(test, simulated_open, simulated_close)

/* Setup and teardown of cmocka: fresh file systems, default settings, no service. */
int simulated_open(void **state);
int simulated_close(void **state);

/* Writes a definition into the source tree, and its name into the bundle user. Pairs of file and
 * content follow, then NULL: ("web", "longrun", "run", "", "notification-fd", "3", NULL). A file
 * that ends with / is an empty one in that folder: "dependencies.d/init". */
void simulated_service(const char *name, const char *type, ...);
/* One longrun, web, with these files, and a boot. */
#define simulated_web(...)                                                                         \
    (simulated_service("web", "longrun", "run", "", __VA_ARGS__), simulated_boot(NULL))
/* Services of which web needs init, and other stands alone; a boot, and a new journal. */
void simulated_three(void);
/* A longrun that is to say that it is ready within that many ms, and never does. */
void simulated_late(const char *name, const char *ms);
/* A variable of the container environment, of which is read at the end of the boot how long that
 * waits, and how CMD is run. */
void simulated_variable(const char *name, const char *value);
/* A file with its folders. */
void simulated_file(const char *path, const char *content);

/* The source tree as it is now, compiled beside the database that runs: what the caller of an
 * update does. */
void simulated_compile(const char *name);

/* Boots, with CMD ("sleep 1", or NULL: none), and settles. */
void simulated_boot(const char *cmd);
/* Turns until that much time has passed, or pid 1 is over. */
void simulated_run(int64_t ms);
/* Turns until nobody has anything to do now. */
void simulated_settle(void);

/* The last one of that label that lives; NULL: none does. */
struct simulated_process *simulated_process(const char *label);
/* Neither the end of its pipes nor USR2 ends this logger. */
void simulated_logger_stays(const char *label);
/* It ends with that exit code, or by that signal; then all settles. */
void simulated_exit(const char *label, int code);
void simulated_killed(const char *label, int signal);
/* Ends it without letting pid 1 have a turn: status is a raw wait status. */
void simulated_end(struct simulated_process *p, int status);
/* Writes to its descriptor, as for readiness. */
void simulated_write(const char *label, int fd, const char *text);
/* It tells its pid. */
void simulated_born(const char *label);
/* Its parent could not fork it, or (error 0) both were killed before that. */
void simulated_unborn(const char *label, int error);
/* It was executed, or (error not 0) could not be. */
void simulated_executed(const char *label, int error);
/* A signal to pid 1 itself. */
void simulated_signal(int signal);
/* A process that is none of our children. */
void simulated_stranger(const char *label, bool stubborn);

/* A letter or more to a fifo: "/run/service/web/supervise/control". */
void simulated_ask(const char *fifo, const char *letters);
/* Sends a request to the control socket, words NULL-terminated, and settles. Its answer comes by
 * simulated_answer. */
int simulated_request(const char *const *words);
/* All that was answered so far: each packet a line, "o...", "e...", "x0". The text is valid until
 * the next call. */
const char *simulated_answer(int fd);
/* s6-rc with those letters and verb; names behind, NULL-terminated. */
int simulated_rc(const char *letters, const char *verb, ...);

/* The journal since the last call. Valid until the next. */
const char *simulated_journal(void);
/* Asserts that the journal since the last look holds these lines, in this order, others between
 * them allowed; NULL-terminated. */
void simulated_expect(const char *line, ...);
/* Asserts that it does not hold that line; looks at what simulated_expect has looked at, too. */
void simulated_expect_not(const char *line);
/* The file, or "" when it is not there. Valid until the next call. */
const char *simulated_read(const char *path);
bool simulated_exists(const char *path);
/* The state of a longrun's machine; of the definition of that name. */
struct longrun *simulated_longrun(const char *name);

#endif
