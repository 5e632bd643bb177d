/* The tables of commands. A file that has commands has one table, its rows beside their code, ended
 * by a row without a name. So a command is added as a row; a file is added to its family here.
 *
 * The commands of a LINK may be the next link of a chain in the process of the one before. They
 * leave nothing behind that an exec would clear away: no close-on-exec descriptor, no handler, no
 * state of their own, nothing unwritten in stdout. Those of a PROGRAM begin a process of their own,
 * where they stay. */
#ifndef COMMAND_COMMANDS_H
#define COMMAND_COMMANDS_H

#include "base/command.h"
#include "base/error.h"
#include "base/str.h"
#include <stdbool.h>

#define MAIN_COMMANDS(LINK, PROGRAM)                                                               \
    PROGRAM(command_init)   /* init s6-overlay-suexec */                                           \
    PROGRAM(command_legacy) /* legacy */                                                           \
    LINK(command_multicall) /* execline */                                                         \
    LINK(command_contenv)   /* with-contenv printcontenv */

#define S6_COMMANDS(LINK, PROGRAM)                                                                 \
    PROGRAM(command_halt) /* halt poweroff reboot shutdown */                                      \
    LINK(command_svc)     /* s6-svc s6-svstat s6-svok s6-svwait */                                 \
    LINK(command_tally)   /* s6-svdt s6-svdt-clear s6-permafailon */                               \
    LINK(command_notify)  /* s6-svlisten s6-svlisten1 s6-notifyoncheck */                          \
    LINK(command_scan)    /* s6-svscanctl s6-svlink s6-svunlink s6-svperms */

#define S6RC_COMMANDS(LINK)                                                                        \
    LINK(command_rc)        /* s6-rc */                                                            \
    LINK(command_rcdb)      /* s6-rc-db */                                                         \
    LINK(command_rccompile) /* s6-rc-compile s6-rc-init ... */                                     \
    LINK(command_rcupdate)  /* s6-rc-update */

#define TOOLS_COMMANDS(LINK, PROGRAM)                                                              \
    LINK(command_accounts)    /* s6-setuidgid s6-envuidgid s6-applyuidgid */                       \
    LINK(command_limits)      /* s6-softlimit s6-setlock s6-setsid ... */                          \
    LINK(command_timed)       /* s6-maximumtime s6-fghack s6-sleep ... */                          \
    LINK(command_envfile)     /* with-envfile */                                                   \
    LINK(command_secrets)     /* with-secrets */                                                   \
    LINK(command_envtools)    /* s6-envdir s6-dumpenv s6-env s6-printenv */                        \
    LINK(command_files)       /* s6-mkdir s6-ln s6-chown s6-rmrf ... */                            \
    LINK(command_text)        /* s6-echo s6-ls s6-grep s6-cut ...  */                              \
    LINK(command_sort)        /* s6-sort */                                                        \
    LINK(command_format)      /* s6-format-filter */                                               \
    LINK(command_expr)        /* s6-expr */                                                        \
    LINK(command_dns)         /* s6-dnsip4 s6-dnsip6 s6-dnsip */                                   \
    LINK(command_system)      /* s6-mount s6-umount s6-hostname ... */                             \
    LINK(command_ps)          /* s6-ps */                                                          \
    LINK(command_tai64n)      /* s6-tai64n s6-tai64nlocal */                                       \
    LINK(command_livecheck)   /* livecheck */                                                      \
    LINK(command_sdnotify)    /* notify */                                                         \
    LINK(command_logfiles)    /* with-logfiles */                                                  \
    LINK(command_probe)       /* probe */                                                          \
    LINK(command_syslog)      /* ucspilogd */                                                      \
    PROGRAM(command_schedule) /* schedule */                                                       \
    PROGRAM(command_socklog)  /* s6-socklog */                                                     \
    PROGRAM(command_logwatch) /* s6-logwatch */

#define OVERLOG_COMMANDS(PROGRAM)                                                                  \
    PROGRAM(command_s6cli)       /* s6-cli */                                                      \
    PROGRAM(command_event_hooks) /* event-hooks */

/* The verbs of `overlog`, whose rows are named "overlog VERB". */
#define OVERLOG_VERBS(VERB)                                                                        \
    VERB(command_status)  /* status */                                                             \
    VERB(command_why)     /* why */                                                                \
    VERB(command_manage)  /* start stop restart reload kill */                                     \
    VERB(command_run_job) /* run */                                                                \
    VERB(command_scale)   /* scale */                                                              \
    VERB(command_metrics) /* metrics */                                                            \
    VERB(command_report)  /* report */                                                             \
    VERB(command_vacuum)  /* vacuum */                                                             \
    VERB(command_up)      /* up */                                                                 \
    VERB(command_check)   /* check */                                                              \
    VERB(command_create)  /* create */                                                             \
    VERB(command_remove)  /* remove */                                                             \
    VERB(command_show)    /* show */                                                               \
    VERB(command_graph)   /* graph */                                                              \
    VERB(command_doc)     /* doc */                                                                \
    VERB(command_import)  /* import */

#define COMMAND_TABLE(name) extern const struct command name[];
MAIN_COMMANDS(COMMAND_TABLE, COMMAND_TABLE)
S6_COMMANDS(COMMAND_TABLE, COMMAND_TABLE)
S6RC_COMMANDS(COMMAND_TABLE)
TOOLS_COMMANDS(COMMAND_TABLE, COMMAND_TABLE)
OVERLOG_COMMANDS(COMMAND_TABLE)
OVERLOG_VERBS(COMMAND_TABLE)
#undef COMMAND_TABLE

/* --- lookup, in command/tables.c -------------------------------------------------------------- */

/* The row of that name, or NULL. links: only commands that may be a link of a chain. */
const struct command *command_find(const char *name, bool links);
bool command_is_link(const struct command *row); /* it may be a link of a chain */
bool command_exists(const char *name);
/* The same among the verbs of `overlog`; name: without "overlog ". */
const struct command *command_verb(const char *name);

/* Calls visit with each command, or each verb. */
typedef void command_visit(const struct command *c, void *context);
void command_each(command_visit *visit, void *context);
void command_each_verb(command_visit *visit, void *context);

/* Appends the names of all commands. -1: no memory. */
int command_names(struct words *names);

/* --- between commands ------------------------------------------------------------------------- */

/* The life of a container, with CMD; its exit code. guest: not in a container, but beside others on
 * a machine. */
int init_boot(char **cmd, bool guest);

/* Whether a logger can use these words as its script (services/definition.h). False: why says what
 * is wrong. */
bool check_logging_script(const struct words *words, struct error *why);

#endif
