/* A command of the multi-call program: one row beside its code. Help, links and tests are made from
 * the rows.
 *
 * A command returns its exit code; it never exits. A chain-loading command ends with
 * `return command_chain(c, rest)`, and main executes the rest, or runs it in the same process when
 * it is a command of ours: there is one exec in the program.
 */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

struct invocation {
    const struct command *command; /* the row; its name also prefixes messages */
    int argc;
    char **argv;         /* argv[0] as typed; ours to read and rearrange */
    char **rest;         /* what to execute when run returned COMMAND_CHAIN */
    const char *program; /* the file to execute when it is not rest[0] */
    const char *path;    /* where rest is searched: PATH as it was when the command began */
    char **environment;  /* for rest alone; NULL: ours */
    char **fallback;     /* what to execute when rest cannot be; empty: exit 0; NULL: fail */

    int next;             /* option parsing: index of the first operand once it is over */
    const char *argument; /* of the option returned last */
    int place;            /* within a cluster of letters */
    int complained;       /* a wrong option was said, with the usage */
    int parked;           /* operands met before the last option, at argv[1] and behind */
};

struct command {
    const char *name;
    const char *usage;   /* what follows the name: "[-p] { block } prog..." */
    const char *summary; /* one line, "run a program with limits" */
    const char *options; /* rows of base/options.h; NULL: none */
    int (*run)(struct invocation *c);
};

enum { COMMAND_CHAIN = -1 };

/* Says "usage: NAME USAGE" on descriptor 2, unless a wrong option made us say it; returns
 * EXIT_USAGE. */
int command_usage(const struct invocation *c);

/* Hands rest, NULL-terminated, to main, which executes it in our place: return its result. An empty
 * rest is exit code 0. rest must live until then. */
int command_chain(struct invocation *c, char **rest);

/* The path by which this program can be executed again, for commands that run it as a child and go
 * on; main sets it. */
extern const char *command_program;

#endif
