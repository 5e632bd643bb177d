/* Commands that arrange descriptors, then execute the rest. */
#include "base/failure.h"
#include "base/kernel.h"
#include "base/message.h"
#include "base/options.h"
#include "base/str.h"
#include "execline/block.h"
#include "execline/child.h"
#include "execline/commands.h"
#include "execline/descriptor.h"
#include "execline/variable.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int descriptor_read(const char *text, int *fd)
{
    unsigned long long value;
    if (number_parse(text, INT_MAX, &value) < 0)
        return -1;
    *fd = (int)value;
    return 0;
}

int descriptor_move(int to, int from)
{
    if (to == from)
        return fd_cloexec(to, 0);
    if (dup2(from, to) < 0)
        return -1;
    close(from);
    return 0;
}

/* Reads the options, then count descriptors, which a program follows. 0, or EXIT_USAGE. */
static int read_descriptors(struct invocation *c, int count, int fd[])
{
    if (options_read(c, count + 1) != 0)
        return EXIT_USAGE;
    for (int i = 0; i < count; i++)
        if (descriptor_read(options.operand[i], &fd[i]) < 0)
            return command_usage(c);
    return 0;
}

static int run_fdmove(struct invocation *c)
{
    int fd[2]; /* to, from */
    if (read_descriptors(c, 2, fd) != 0)
        return EXIT_USAGE;
    errno = EINVAL; /* a copy onto itself is nothing that can be had */
    int bad = !given('c')      ? fd[0] == fd[1] ? 0 : descriptor_move(fd[0], fd[1])
                   : fd[0] == fd[1] ? -1
                               : dup2(fd[1], fd[0]);
    if (bad >= 0)
        return command_chain(c, options.operand + 2);
    return refuse(EXIT_SYSTEM, "unable to %s descriptor %d to %d: %s", given('c') ? "copy" : "move",
                  fd[1], fd[0], strerror(errno));
}

static int run_fdclose(struct invocation *c)
{
    int fd;
    if (read_descriptors(c, 1, &fd) != 0)
        return EXIT_USAGE;
    close(fd);
    return command_chain(c, options.operand + 1);
}

static int run_fdswap(struct invocation *c)
{
    int fd[2];
    if (read_descriptors(c, 2, fd) != 0)
        return EXIT_USAGE;
    if (fd[0] == fd[1])
        return command_chain(c, options.operand + 2);
    /* Both have to be open: a spare copy of one could take the number of the other. */
    int spare = fcntl(fd[1], F_GETFD) < 0 ? -1 : fcntl(fd[0], F_DUPFD_CLOEXEC, 0);
    if (spare < 0 || dup2(fd[1], fd[0]) < 0 || dup2(spare, fd[1]) < 0)
        return refuse(EXIT_SYSTEM, "unable to swap descriptors %d and %d: %s", fd[0], fd[1],
                      strerror(errno));
    close(spare);
    return command_chain(c, options.operand + 2);
}

int descriptor_block(int fd, bool block)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -1 : fcntl(fd, F_SETFL, block ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

static int run_fdblock(struct invocation *c)
{
    int fd;
    if (read_descriptors(c, 1, &fd) != 0)
        return EXIT_USAGE;
    if (descriptor_block(fd, !given('n')) == 0)
        return command_chain(c, options.operand + 1);
    return refuse(EXIT_SYSTEM, "unable to make descriptor %d %s: %s", fd,
                  given('n') ? "non-blocking" : "blocking", strerror(errno));
}

/* FD0, FD1 ... name descriptors that nobody has open. */
static int run_fdreserve(struct invocation *c)
{
    struct error e = ERROR_INIT;
    unsigned long long count;
    char name[24];
    if (c->argc < 3 || number_parse(c->argv[1], INT_MAX, &count) < 0)
        return command_usage(c);
    int fd = 0;
    for (unsigned long long i = 0; i < count; i++) {
        fd = i == 0 ? open("/", O_PATH | O_CLOEXEC) : fcntl(fd, F_DUPFD_CLOEXEC, fd);
        if (fd < 0)
            return fail("reserve", "descriptors");
        snprintf(name, sizeof name, "FD%llu", i);
        if (variable_set_number(name, (unsigned long long)fd, &e) < 0)
            return message_error(&e);
    }
    /* Free again for whom they were reserved. */
    for (unsigned long long i = 0; i < count; i++) {
        snprintf(name, sizeof name, "FD%llu", i);
        close(atoi(getenv(name)));
    }
    return command_chain(c, c->argv + 2);
}

/* --- pipes ------------------------------------------------------------------------------------ */

/* Both ends of a pipe at the numbers wished, wherever the pipe came to be. */
static int place_pipe(int pipe[2], int reader, int writer)
{
    int high = reader > writer ? reader : writer;
    int far = fcntl(pipe[1], F_DUPFD_CLOEXEC, high + 1);
    if (far < 0)
        return -1;
    close(pipe[1]);
    if (descriptor_move(reader, pipe[0]) < 0)
        return -1;
    return descriptor_move(writer, far);
}

static int run_piperw(struct invocation *c)
{
    int ends[2];
    int fd[2]; /* reader, writer */
    if (read_descriptors(c, 2, fd) != 0)
        return EXIT_USAGE;
    if (fd[0] == fd[1])
        return command_usage(c);
    if (pipe2(ends, O_CLOEXEC) == 0 && place_pipe(ends, fd[0], fd[1]) == 0)
        return command_chain(c, options.operand + 2);
    return refuse(EXIT_SYSTEM, "unable to make a pipe at %d and %d: %s", fd[0], fd[1],
                  strerror(errno));
}

int descriptor_pipeline(struct child *child, bool child_reads, pid_t *pid, struct error *e)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_system(e, "unable to make a pipe");
    int theirs = ends[child_reads ? 0 : 1];
    int ours = ends[child_reads ? 1 : 0];
    struct process_fd fds[] = {{.from = theirs, .to = child_reads ? 0 : 1}};
    child->fds = fds;
    child->fd_count = 1;
    *pid = child_start(child, e);
    close(theirs);
    if (*pid < 0) {
        e->code = EXIT_SYSTEM;
        close(ours);
        return -1;
    }
    return ours;
}

static int run_pipeline(struct invocation *c)
{
    struct error e = ERROR_INIT;
    struct block_reader r;
    char **block;
    pid_t pid;
    int code = options_read(c, 0);
    if (code == 0)
        code = blocks_read(&r, options.operand, 1, &block);
    if (code != 0)
        return code;
    if (block[0] == NULL || r.next[0] == NULL)
        return refuse(EXIT_USAGE, "a pipe has two ends: a program is missing");
    struct child child = {.argv = block, .orphan = given('d')};
    bool child_reads = options_last("rw") == 'w';
    int fd = descriptor_pipeline(&child, child_reads, &pid, &e);
    if (fd < 0 || child_set_pid(pid, &e) < 0)
        return message_error(&e);
    if (descriptor_move(child_reads ? 1 : 0, fd) < 0)
        return fail("connect", "the pipe");
    return command_chain(c, r.next);
}

/* A pipe filled beforehand needs no process to feed it: no argument is longer than a pipe can be
 * made. Where pipes may not grow, a file in memory does as well. */
static int string_descriptor(const char *text, struct error *e)
{
    size_t length = strlen(text);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_system(e, "unable to make a pipe");
    if (fcntl(ends[1], F_GETPIPE_SZ) >= (int)length ||
        fcntl(ends[1], F_SETPIPE_SZ, (int)length) >= (int)length) {
        int bad = fd_write_all(ends[1], text, length);
        close(ends[1]);
        return bad < 0 ? error_system(e, "unable to write to a pipe") : ends[0];
    }
    close(ends[0]);
    close(ends[1]);
    int fd = kernel_memory("heredoc");
    if (fd < 0 || fd_write_all(fd, text, length) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return error_system(e, "unable to keep the text in memory");
    return fd;
}

static int run_heredoc(struct invocation *c)
{
    struct error e = ERROR_INIT;
    int to;
    if (options_read(c, 3) != 0)
        return EXIT_USAGE;
    if (descriptor_read(options.operand[0], &to) < 0)
        return command_usage(c);
    int fd = string_descriptor(options.operand[1], &e);
    if (fd < 0)
        return message_error(&e);
    if (descriptor_move(to, fd) < 0)
        return fail("use descriptor", options.operand[0]);
    return command_chain(c, options.operand + 2);
}

static const char fdmove_options[] = "-c  copy: leave the other open\n";
static const char fdblock_options[] = "-n  non-blocking instead\n";
static const char heredoc_options[] = "-d  ignored: there is no process to wait for\n";
static const char pipeline_options[] = "-d  fork twice, so that nobody needs to wait for it\n"
                                       "-r  the block writes, the rest reads (the default)\n"
                                       "-w  the block reads, the rest writes\n";

const struct command execline_descriptors[] = {
    {"fdmove", "[-c] to from prog...", "move or copy a descriptor", fdmove_options, run_fdmove},
    {"fdclose", "fd prog...", "close a descriptor", NULL, run_fdclose},
    {"fdswap", "fd1 fd2 prog...", "exchange two descriptors", NULL, run_fdswap},
    {"fdblock", "[-n] fd prog...", "make a descriptor blocking", fdblock_options, run_fdblock},
    {"fdreserve", "n prog...", "find free descriptors: FD0, FD1 ...", NULL, run_fdreserve},
    {"piperw", "reader writer prog...", "make a pipe", NULL, run_piperw},
    {"pipeline", "[-d] [-r|-w] { prog1... } prog2...", "connect two programs with a pipe",
     pipeline_options, run_pipeline},
    {"heredoc", "[-d] fd string prog...", "give a program a text to read", heredoc_options,
     run_heredoc},
    {.name = NULL}};
