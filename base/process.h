/* Children: the only waitpid, and the fork of all that is to be executed.
 *
 * A spawned child has default dispositions for every signal and an empty mask (unless told to
 * keep ours), exactly the descriptors it was given (all of ours are close-on-exec) and, if asked, a
 * session of its own.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "base/error.h"
#include "base/execute.h"
#include "base/parent.h"
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

struct process_fd {
    int from; /* our descriptor */
    int to;   /* its number in the child; any number, in any order, overlaps included */
};

/* Opens one side (O_RDONLY, O_WRONLY) of the pipe fd by /proc: a descriptor, close-on-exec, or -1
 * with errno. */
int process_open_side(int fd, int flags);

/* How a child treats a terminal on its descriptor 0. */
enum process_terminal {
    PROCESS_TERMINAL_NONE = 0,
    PROCESS_TERMINAL_OWN,   /* makes it the controlling one of its new session */
    PROCESS_TERMINAL_FRONT, /* stays in our session: goes to the foreground, in a group of its own
                             */
};

enum { PROCESS_PASSED = 3 };

struct process_spawn {
    const char *program; /* with a slash: executed as is; else searched in PATH of envp */
    char *const *argv;
    char *const *envp;
    const char *directory;        /* working directory; NULL: ours */
    const struct process_fd *fds; /* descriptors not named here: 0, 1 and 2 are inherited */
    size_t fd_count;
    unsigned int reads, writes; /* bit N: as its descriptor N the child opens one side only, by
                                   /proc, of a pipe that we hold open for both */
    bool new_session;
    enum process_terminal terminal;
    bool orphan; /* made by a second fork, so not our child: never to be waited for */
    /* NULL: all signals default, blocked says which are blocked; else dispositions stay as ours
     * are, and this is the mask. */
    const sigset_t *signal_mask;
    mode_t umask; /* applied when set_umask */
    bool set_umask;
    const sigset_t *blocked;     /* signals the program starts with blocked; NULL: none */
    const struct rlimit *nofile; /* NULL: inherited */
    int gate; /* 0: none. A file: the child waits (not we), PROCESS_GATE_MS at most, while it is a
                 closed gate */
    int lock; /* 0 or -1: none. A descriptor: the child (not we) waits until it holds an
                 exclusive flock on it */
    bool by_shell; /* as a command of a shell (execute.h) */
    int passed;    /* 0: none. A socket: descriptors that came with its first packet, which stays
                      there, take the place of those in fds, which go to 0, 1 and 2 then */
    int passed_to[PROCESS_PASSED]; /* by their order: their numbers in the child, or -1 */
    bool new_pids; /* as the first process of a new pid namespace (EPERM without CAP_SYS_ADMIN; with
                      a parent: PROCESS_BORN_HERE) */
    /* NULL: none. The child becomes this one, the program's process is its child: the pid that
     * process_spawn returns is that of the parent, and the report, which there must be, tells the
     * other one. */
    const struct parent_command *parent;
};

enum { PROCESS_GATE_MS = 200 };

/* Makes an open file a gate, closed or open: O_NONBLOCK, which means nothing to a plain file, and
 * which all who share that open file see. 0, or -1 with errno. */
int process_gate(int gate, bool closed);
/* Whether it is closed. */
bool process_gate_is_closed(int gate);

/* Steps of one that has a parent: its process is there, and error is its pid; the same, but not in
 * a pid namespace of its own, which was refused; it could not be made. */
#define PROCESS_BORN "born"
#define PROCESS_BORN_HERE "born here"
#define PROCESS_UNBORN "unborn"

/* Why a child could not execute its program, as it reported. */
struct process_failure {
    int error; /* errno of exec (or of chdir, dup2 before it) */
    /* "chdir", "fd", "exec", PROCESS_UNBORN, or EXECUTE_SEEN and what the child saw when it looked
     * at the file */
    char step[EXECUTE_WHY_MAX];
};

/* For one that starts many: looks once at how we treat each signal, so that a child resets only
 * what differs. To be called again when that has changed. */
void process_know_signals(void);

enum { PROCESS_WITHHOLD_MIN = 262144 };
/* Keeps pages of ours from all children, so that a fork does not copy their tables: a child must
 * not touch them before it executes. memory is a block of malloc of at least PROCESS_WITHHOLD_MIN
 * bytes, in pages of its own then (with the C library of the product; with others nothing happens).
 * What becomes of it by realloc and free needs no care. */
void process_withhold(void *memory, size_t size);

/* Forks and execs; never waits. Returns the pid, and in *report the read end of a pipe: end of file
 * means exec succeeded, a struct process_failure that it did not (the child then exits 127 or 126).
 * -1 with e filled when fork or pipe failed; errno kept. report may be NULL: failure is then seen
 * only as the exit code. On a noexec file system a script is run through the interpreter of its
 * first line. */
pid_t process_spawn(const struct process_spawn *s, int *report, struct error *e);

/* Starts a program and waits until it is executed: its pid; 0 when that failed, with f filled; -1
 * with e filled when nothing was started. Faster than process_spawn, but the caller stands still
 * meanwhile, and the child lives in its memory: for commands, never for pid 1. Not for orphans. */
pid_t process_start(const struct process_spawn *s, struct process_failure *f, struct error *e);

/* Closes fd, which may take as long as it likes, in a child that shares our table of descriptors,
 * and so in our stead: fd is the child's from here on, until the child is reaped. The pid; 0 where
 * tables cannot be shared (qemu-user): we have closed it; -1 with errno: nothing was done. */
pid_t process_close(int fd);

/* Reads a report: 1 exec succeeded, 0 failed (f filled), -1 not known yet (EAGAIN); 2, once or
 * twice and only of one with a parent: it is born (f filled), read on. The pipe does not block. */
int process_report(int report, struct process_failure *f);

/* Ends an ignored SIGCHLD, which a caller may leave to us: the kernel would reap our children, and
 * neither tell how they ended nor that they did. To be called before the first one is started. */
void process_keep_statuses(void);

/* A child that is dead: its pid and raw wait status; 0 when there is none now, -1 when we have no
 * child at all. */
pid_t process_reap(int *status);

/* The same, and also a child that was stopped, each time: WIFSTOPPED of the status. pid: that child
 * alone; -1: any, for which the kernel looks at all that we have. */
pid_t process_changed(pid_t pid, int *status);

/* As process_reap, for one child: its pid, 0 while it lives, -1 when it is none of ours. */
pid_t process_reap_one(pid_t pid, int *status);

/* Waits for that child (commands only, never pid 1); its raw wait status, or -1. */
int process_wait(pid_t pid);

/* Our pid as /proc has it, which is another one than getpid's where we are in a pid namespace that
 * /proc is not of; 0: there is no /proc. */
pid_t process_self(void);

/* What /proc says of any process. */
struct process_stat {
    char name[32]; /* cut to fit; may hold anything */
    char state;    /* 'R', 'T', 'Z', ... */
    pid_t parent;
    unsigned long long born; /* ticks since the machine was booted */
};
/* 0, or -1 where that is not known. */
int process_stat(pid_t pid, struct process_stat *s);
/* Its parent alone, or -1. */
pid_t process_parent(pid_t pid);

/* "killed" as 128 + signal, else the exit code. */
int process_exit_code(int status);

/* Writes why a program could not be executed, with the cure: no x bit, CRLF after the interpreter,
 * interpreter missing, wrong architecture. Only tells what the child found: it alone looks at the
 * file, which may be on a file system that no longer answers. Writes at most size bytes. */
void process_explain(const char *program, const struct process_failure *f, char *text, size_t size);

/* process_start with one way to fail: the pid, or -1 with e, which explains what went wrong; its
 * code is EXIT_NOTFOUND or EXIT_NOEXEC where the program could not be executed. */
pid_t process_start_explain(const struct process_spawn *s, struct error *e);

/* Gives back the stack that earlier, deeper calls have used. */
void process_trim_stack(void);

#endif
