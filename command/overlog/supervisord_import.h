/* A supervisord.conf on its way to services: what its reader finds out, and its writer needs. */
#ifndef COMMAND_OVERLOG_SUPERVISORD_IMPORT_H
#define COMMAND_OVERLOG_SUPERVISORD_IMPORT_H

#include "command/overlog/import.h"
#include "command/overlog/supervisord.h"

/* Patterns of sh for the words that supervisord takes for true. */
#define TRUE_WORDS "[Tt][Rr][Uu][Ee]|[Yy][Ee][Ss]|[Oo][Nn]|1"

/* One process, which becomes one service. */
struct process {
    const char *section, *program; /* "program:web", "web" */
    char name[256];                /* of the service */
    char *own;                     /* what supervisord calls it; owned */
    struct ini_names names;
    long group_priority, priority;
    int autostart; /* 1, 0, or -1: the environment decides when it starts */
    bool oneshot;  /* program_ends */
};

struct supervisord {
    struct import *im;
    struct ini ini;
    char here[4096];
    struct process *process;
    size_t count;
};

/* The value of a key as it is in the file; NULL: none. */
const char *program_get(const struct supervisord *s, const struct process *p, const char *key);
/* text with its expressions expanded, references to the environment as ini_expand leaves them;
 * caller frees. Unknown ones are noted. */
char *program_expand(const struct supervisord *s, const struct process *p, const char *text);
/* text where the environment of the container cannot be waited for: its references are taken from
 * ours, and a note says so. NULL: there was no value. Caller frees. */
char *program_settle(const struct supervisord *s, const char *section, const char *key,
                     const struct ini_names *names);

/* Whether a process is taken for a command that runs once and ends, of which a oneshot is made:
 * nothing starts it again, and no end comes too early. supervisord cannot tell that from a program
 * that stays, so a note says what was assumed. */
bool program_ends(const struct supervisord *s, const struct process *p);
/* Writes the file restart of a process; what its environment decides when it ends goes to finish.
 */
void program_restart(const struct supervisord *s, const struct process *p, struct str *finish);
/* Writes the service of a process. needs: what is started before it. */
void program_write(const struct supervisord *s, const struct process *p, const struct words *needs);

#endif
