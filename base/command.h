/* A command of the multi-call program: one row beside its code. Help, links and tests are made from
 * the rows.
 *
 * A command returns its exit code; it never exits. A chain-loading command ends with
 * `return command_chain(c, rest)`, and main executes the rest, or runs it in the same process when
 * it is a command of ours: there is one exec in the program.
 */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

struct command_option {
    char letter;          /* 0: long only */
    const char *name;     /* long name without dashes, or NULL */
    const char *argument; /* what its argument is called, or NULL: it takes none */
    const char *help;
};

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
    const char *argument; /* of the option last returned */
    int place;            /* within a cluster of letters */
    int complained;       /* a wrong option was, with the usage */
};

struct command {
    const char *name;
    /* What follows the name: "[-p] { block } prog...". Without a table of options it tells them,
     * too:
     * "[-xyz]" and "[-x|-y]" take no argument, "[-x word]" does. */
    const char *usage;
    const char *summary;
    const struct command_option *options; /* ends with an all-zero row; NULL: those in usage */
    int (*run)(struct invocation *c);
};

enum { COMMAND_CHAIN = -1, COMMAND_LONG = 256 };

/* The next option's letter, or COMMAND_LONG + index of its row when it has none; 0 at the first
 * operand or after "--"; '?' after saying what was wrong (return EXIT_USAGE then). Options stop at
 * the first operand, as chain loading needs. A single '-' is an operand. */
int command_option(struct invocation *c);
/* The operands, NULL-terminated, and their number. */
char **command_operands(struct invocation *c);
int command_operand_count(const struct invocation *c);

/* Says "usage: NAME USAGE" on descriptor 2, unless a wrong option made us say it; returns
 * EXIT_USAGE. */
int command_usage(const struct invocation *c);

/* Hands rest (NULL-terminated) to main. An empty rest is exit code 0. */
int command_chain(struct invocation *c, char **rest);

/* For commands that run a program as a child and go on: the path by which this program can be
 * executed again, set by main. */
extern const char *command_program;

#endif
