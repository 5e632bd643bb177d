/* Command lines of ExecStart= and its kin, as systemd reads them. Pure. */
#ifndef COMMAND_OVERLOG_UNIT_EXEC_H
#define COMMAND_OVERLOG_UNIT_EXEC_H

#include "command/overlog/unit_file.h"
#include "command/overlog/unit_word.h"

struct unit_exec {
    bool ignore;       /* -: its failure is none */
    bool named;        /* @: word[1] is what the program is called */
    bool root;         /* +, !: it runs as root whatever User= says */
    bool ambient;      /* !! */
    struct words word; /* expanded; the first is the program */
    const struct unit_setting *from;
};

/* Owns its words. All zero: empty. */
struct unit_execs {
    struct unit_exec *item;
    size_t count;
    size_t room;
};

/* Appends the commands of a setting. What is wrong, a constant, or NULL; then nothing is appended
 * but what stands before. unknown: as of unit_specifiers. */
const char *unit_exec_parse(const struct unit_setting *s, const struct unit_names *names,
                            struct unit_execs *out, struct unit_unknown *unknown);
void unit_execs_release(struct unit_execs *e);

/* The signal that a command like "kill -HUP $MAINPID" sends to the service; 0: it is another. */
int unit_exec_signal(const struct unit_exec *e);

#endif
