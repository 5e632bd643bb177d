/* The settings in S6_* and OVERLOG_* variables (spec/overlay.md section 4). Pid 1 reads them at
 * start, and some again after the hook. The processes for fix-attrs.d, cont-init.d, services.d and
 * cont-finish.d read them when they run, as a script before may have changed them. */
#ifndef OVERLAY_SETTINGS_H
#define OVERLAY_SETTINGS_H

#include "base/str.h"
#include "contract/logger.h"
#include "services/problems.h"
#include <stdbool.h>
#include <stdint.h>

/* What follows when something fails at the start; more than STOP is STOP. */
enum { BEHAVIOUR_SILENT, BEHAVIOUR_WARN, BEHAVIOUR_STOP };

struct settings {
    bool keep_env;             /* S6_KEEP_ENV */
    enum logging_mode logging; /* S6_LOGGING; unset: AUTO, or CONSOLE if fd 1 or 2 is a terminal */
    int behaviour;             /* S6_BEHAVIOUR_IF_STAGE2_FAILS */
    int verbosity;             /* S6_VERBOSITY */
    uint32_t kill_grace;       /* S6_KILL_GRACETIME, ms, at most 300000 */
    uint32_t up_timeout;       /* S6_CMD_WAIT_FOR_SERVICES_MAXTIME, ms, 0 none */
    uint32_t drain;            /* OVERLOG_DRAIN, ms */
    uint32_t stop_max;         /* OVERLOG_STOP_MAXTIME, ms, 0 none */
    uint64_t flood;            /* OVERLOG_FLOOD, bytes a minute, 0 never */
    uint64_t log_total;        /* OVERLOG_TOTAL, bytes, 0 any number */
    enum console_form console; /* OVERLOG_CONSOLE, or PREFIX if OVERLOG_PREFIX asks for it */
    uint32_t prefix;           /* of CONSOLE_PREFIX: 1 [NAME], else the width of NAME; or 0 */
    bool color;                /* a terminal that shows colours */
    bool drop;                 /* OVERLOG_ON_FULL=drop, not hold */
    bool parents;              /* OVERLOG_SUPERVISE_PROCESSES: services have one */
    bool parents_unset;        /* nobody has decided about it */
    bool status_group;         /* OVERLOG_SUPERVISE_STATUS=43: supervise/status holds the group */
    const char *log_root;      /* OVERLOG_DIR */
    const char *log_user;      /* OVERLOG_USER */
    struct words log_script;   /* OVERLOG_SCRIPT, lexed */
    const char *catchall_user; /* S6_CATCHALL_USER */
    const char *hook;          /* S6_STAGE2_HOOK, NULL none */
    const char *cmd_arg0;      /* S6_CMD_ARG0, NULL none */
    bool cmd_terminal;         /* S6_CMD_USE_TERMINAL */
    bool cmd_signals;          /* S6_CMD_RECEIVE_SIGNALS */
    const char *etc;           /* of cont-init.d and so on: /etc, or by S6_RUNTIME_PROFILE */
    const char *services;      /* .../s6-rc.d, by S6_RUNTIME_PROFILE */
    const char *bundles;       /* .../user-bundles.d, by S6_RUNTIME_BUNDLEDIR too */
    const char *conf;          /* .../services.conf */
    uint32_t closing_fd;       /* S6_WAIT_FOR_CLOSING_FD, 0 none */
    bool read_only;            /* S6_READ_ONLY_ROOT */
    bool open_run;             /* S6_YES_I_WANT_A_WORLD_WRITABLE_RUN_BECAUSE_KUBERNETES */
    bool sync;                 /* S6_SYNC_DISKS */
    bool fix_hidden;           /* S6_FIX_ATTRS_HIDDEN */
    bool wait_legacy;          /* S6_CMD_WAIT_FOR_SERVICES */
    uint32_t legacy_ready;     /* S6_SERVICES_READYTIME, ms */
    uint32_t legacy_grace;     /* S6_SERVICES_GRACETIME, ms */
    uint32_t finish_max;       /* S6_KILL_FINISH_MAXTIME, ms for each script, 0 none */
    const char *secrets;       /* OVERLOG_SECRETS, or NULL */
    struct words texts;        /* paths made here */
};

/* Reads all settings. lookup works as getenv does; its texts must outlive s. Where a number is
 * needed and the value is none, the default is taken, with a warning in p. terminal: fd 1 or 2 is a
 * terminal. 0, or -1 with an error in p: no memory. */
int settings_read(struct settings *s, char *(*lookup)(const char *name), bool terminal,
                  struct problems *p);
/* Reads the settings again that the hook may change: where definitions are, how long to wait for
 * them, and how CMD is run. 0, or -1: no memory, and s is as before. */
int settings_renew(struct settings *s, char *(*lookup)(const char *name));
/* Frees the lists that s owns. */
void settings_release(struct settings *s);

/* The value of a variable in the container environment as it is now, for use as lookup: the content
 * of its file or, where S6_KEEP_ENV keeps it, our own environment. NULL: there is none. The text
 * lives for ever. */
char *settings_variable(const char *name);

/* What settings_variable says while the files are as /init has written them, without reading any.
 * The text lives for ever. */
char *settings_at_start(const char *name);

/* The value of a variable of the container's environment, for whoever asks while it runs: where
 * S6_KEEP_ENV keeps it in the environment of all, it is what /init was started with. NULL: it is
 * unset. Where there is no container it is our own. Not freed. */
const char *settings_container_variable(const char *name);

#endif
