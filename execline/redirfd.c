/* redirfd: opens a file at a descriptor. */
#include "base/failure.h"
#include "base/file.h"
#include "base/options.h"
#include "execline/commands.h"
#include "execline/descriptor.h"
#include "execline/variable.h"
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of open, as the option asks. */
static int mode_flags(char option)
{
    switch (option) {
    case 'r':
        return O_RDONLY;
    case 'w':
        return O_WRONLY | O_CREAT | O_TRUNC;
    case 'u':
        return O_RDWR;
    case 'a':
        return O_WRONLY | O_CREAT | O_APPEND;
    default:
        return O_WRONLY | O_CREAT | O_EXCL;
    }
}

/* A fifo cannot be opened for writing without a reader: one of ours stands in for that moment. */
static int open_file(const char *path)
{
    int flags = mode_flags(options_last("rwuax")) | O_CLOEXEC; /* a terminal may become ours */
    int reader = -1;
    bool at_once = options_last("nN") == 'n';
    struct stat st;
    if (at_once)
        flags |= O_NONBLOCK;
    if ((flags & O_ACCMODE) == O_WRONLY && at_once && stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
        reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int fd = open(path, flags, 0666);
    fd_close(reader);
    if (fd >= 0 && given('b') && descriptor_block(fd, at_once) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int run_redirfd(struct invocation *c)
{
    struct error e = ERROR_INIT;
    char text[16];
    int to = -1;
    if (options_read(c, 3) != 0)
        return EXIT_USAGE;
    const char *name = options.operand[0];
    const char *path = options.operand[1];
    if (options_last("rwuax") == 0 ||
        (given('f') ? variable_check(name, &e) < 0 : descriptor_read(name, &to) < 0))
        return command_usage(c);
    int fd = open_file(path);
    if (fd < 0)
        return fail("open", path);
    if (descriptor_move(given('f') ? fd : to, fd) < 0)
        return fail("use descriptor", name);
    if (!given('f'))
        return command_chain(c, options.operand + 2);
    snprintf(text, sizeof text, "%d", fd);
    return variable_chain(c, name, text, options_last("eE") == 'E', options.operand + 2);
}

static const char redirfd_options[] =
    "-r  for reading\n"
    "-w  for writing: made if missing, emptied\n"
    "-u  for reading and writing\n"
    "-a  for appending: made if missing\n"
    "-x  for writing: must be new\n"
    "-n  open without waiting (a fifo needs no other end)\n"
    "-N  wait as open does (the default)\n"
    "-b  then make it blocking after -n, non-blocking without\n"
    "-f  any free descriptor, its number in a variable\n"
    "-E  with -f: substitute it in the rest instead\n"
    "-e  with -f: set the variable (the default)\n"
    "-n, --nonblock\n-N, --block\n-b, --switch-block\n-f, --open\n"
    "-E, --autoimport\n-e, --no-autoimport\n";

const struct command execline_redirfd[] = {
    {"redirfd", "-r|-w|-u|-a|-x [-N|-n] [-b] fd file prog... | -f ... variable file prog...",
     "open a file at a descriptor", redirfd_options, run_redirfd},
    {.name = NULL}};
