/* The tables of commands that live in command/. Each ends with an all-zero row. */
#ifndef COMMAND_COMMANDS_H
#define COMMAND_COMMANDS_H

#include "base/command.h"

extern const struct command command_init[];     /* init halt poweroff reboot shutdown */
extern const struct command command_contenv[];  /* with-contenv printcontenv */
extern const struct command command_accounts[]; /* s6-setuidgid s6-envuidgid s6-applyuidgid */

#endif
