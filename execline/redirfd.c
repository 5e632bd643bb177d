/* redirfd: opens a file at a descriptor. */
#include "base/message.h"
#include "base/options.h"
#include "execline/commands.h"
#include "execline/descriptor.h"
#include "execline/variable.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct redirection {
    int flags;          /* of open, -1 as long as none was said */
    bool nonblock_open; /* -n */
    bool flip;          /* -b */
    bool variable;      /* -f: what is named is a variable */
    bool import;        /* -E */
};

static int mode_flags(int option)
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
    case 'x':
        return O_WRONLY | O_CREAT | O_EXCL;
    default:
        return -1;
    }
}

static int read_redirection(struct invocation *c, struct redirection *r)
{
    for (int option; (option = command_option(c)) != 0;) {
        switch (option) {
        case 'n':
            r->nonblock_open = true;
            break;
        case 'b':
            r->flip = true;
            break;
        case 'f':
            r->variable = true;
            break;
        case 'e':
        case 'E':
            r->import = option == 'E';
            break;
        case '?':
            return EXIT_USAGE;
        default:
            r->flags = mode_flags(option);
        }
    }
    return r->flags < 0 || command_operand_count(c) < 3 ? command_usage(c) : 0;
}

/* A fifo cannot be opened for writing without a reader: one of ours stands in for that moment. */
static int open_file(const struct redirection *r, const char *path)
{
    int flags = r->flags | O_CLOEXEC | O_NOCTTY | (r->nonblock_open ? O_NONBLOCK : 0);
    int reader = -1;
    struct stat st;
    if ((flags & O_ACCMODE) == O_WRONLY && r->nonblock_open && stat(path, &st) == 0 &&
        S_ISFIFO(st.st_mode))
        reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int fd = open(path, flags, 0666);
    if (reader >= 0)
        close(reader);
    if (fd >= 0 && r->flip && descriptor_block(fd, r->nonblock_open) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int run_redirfd(struct invocation *c)
{
    struct redirection r = {.flags = -1};
    struct error e = ERROR_INIT;
    char text[16];
    int to = -1;
    if (read_redirection(c, &r) != 0)
        return EXIT_USAGE;
    char **operands = command_operands(c);
    if (r.variable ? variable_check(operands[0], &e) < 0 : descriptor_read(operands[0], &to) < 0)
        return command_usage(c);
    int fd = open_file(&r, operands[1]);
    if (fd < 0) {
        error_system(&e, "unable to open %s", operands[1]);
        return message_error(&e);
    }
    if (descriptor_move(r.variable ? fd : to, fd) < 0) {
        error_system(&e, "unable to use descriptor %d", to);
        return message_error(&e);
    }
    if (!r.variable)
        return command_chain(c, operands + 2);
    snprintf(text, sizeof text, "%d", fd);
    return variable_chain(c, operands[0], text, r.import, operands + 2);
}

static const char redirfd_options[] = "-r  for reading\n"
                                      "-w  for writing: made if missing, emptied\n"
                                      "-u  for reading and writing\n"
                                      "-a  for appending: made if missing\n"
                                      "-x  for writing: must be new\n"
                                      "-n  open without waiting (a fifo needs no other end)\n"
                                      "-b  then make it blocking after -n, non-blocking without\n"
                                      "-f  any free descriptor, its number in a variable\n"
                                      "-E  with -f: substitute it in the rest instead\n"
                                      "-e  with -f: set the variable (the default)\n";

const struct command execline_redirfd[] = {
    {"redirfd", "-r|-w|-u|-a|-x [-n] [-b] fd file prog... | -f ... variable file prog...",
     "open a file at a descriptor", redirfd_options, run_redirfd},
    {.name = NULL}};
