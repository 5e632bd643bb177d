/* The tables of commands that live in command/. Each ends with an all-zero row. */
#ifndef COMMAND_COMMANDS_H
#define COMMAND_COMMANDS_H

#include "base/command.h"
#include "base/error.h"
#include "base/str.h"
#include <stdbool.h>

extern const struct command command_init[];      /* init */
extern const struct command command_halt[];      /* halt poweroff reboot shutdown */
extern const struct command command_contenv[];   /* with-contenv printcontenv */
extern const struct command command_accounts[];  /* s6-setuidgid s6-envuidgid s6-applyuidgid */
extern const struct command command_legacy[];    /* legacy */
extern const struct command command_limits[];    /* s6-softlimit s6-setlock s6-setsid ... */
extern const struct command command_timed[];     /* s6-maximumtime s6-fghack s6-sleep ... */
extern const struct command command_envtools[];  /* s6-envdir s6-dumpenv s6-env s6-printenv */
extern const struct command command_files[];     /* s6-mkdir s6-ln s6-chown s6-rmrf ... */
extern const struct command command_text[];      /* s6-echo s6-ls s6-sort s6-grep ... */
extern const struct command command_format[];    /* s6-format-filter */
extern const struct command command_expr[];      /* s6-expr */
extern const struct command command_dns[];       /* s6-dnsip4 s6-dnsip6 s6-dnsip */
extern const struct command command_system[];    /* s6-mount s6-umount s6-hostname ... */
extern const struct command command_ps[];        /* s6-ps */
extern const struct command command_tai64n[];    /* s6-tai64n s6-tai64nlocal */
extern const struct command command_syslog[];    /* ucspilogd */
extern const struct command command_socklog[];   /* s6-socklog */
extern const struct command command_logwatch[];  /* s6-logwatch */
extern const struct command command_rc[];        /* s6-rc */
extern const struct command command_rcdb[];      /* s6-rc-db */
extern const struct command command_rccompile[]; /* s6-rc-compile s6-rc-init ... */
extern const struct command command_rcupdate[];  /* s6-rc-update */
extern const struct command command_svc[];       /* s6-svc s6-svstat s6-svok s6-svwait */
extern const struct command command_tally[];     /* s6-svdt s6-svdt-clear s6-permafailon */
extern const struct command command_notify[];    /* s6-svlisten s6-svlisten1 s6-notifyoncheck */
extern const struct command command_scan[];      /* s6-svscanctl s6-svlink s6-svunlink s6-svperms */
extern const struct command command_s6cli[];     /* s6-cli */

/* The life of a container, with CMD; its exit code. guest: not in a container, but beside others on
 * a machine. */
int init_boot(char **cmd, bool guest);

/* Whether a logger can use these words as its script (services/definition.h). */
bool check_logging_script(const struct words *words, struct error *why);

#endif
