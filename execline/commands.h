/* The execline language as rows of commands (spec/execline.md). Each table ends with a zero row. */
#ifndef EXECLINE_COMMANDS_H
#define EXECLINE_COMMANDS_H

#include "base/command.h"

extern const struct command execline_language[];     /* execlineb */
extern const struct command execline_substitution[]; /* define importas multisubstitute ... */
extern const struct command execline_control[];      /* if ifelse foreground background ... */
extern const struct command execline_environment[];  /* export unexport emptyenv ... */
extern const struct command execline_capture[];      /* backtick withstdinas */
extern const struct command execline_descriptors[];  /* fdmove pipeline ... */
extern const struct command execline_redirfd[];      /* redirfd */
extern const struct command execline_process[];      /* exec tryexec exit cd umask */
extern const struct command execline_positional[];   /* elgetopt shift runblock dollarat */
extern const struct command execline_eltest[];       /* eltest */
extern const struct command execline_loops[];        /* forx forstdin forbacktickx loopwhilex */
extern const struct command execline_waiting[];      /* wait */
extern const struct command execline_match[];        /* case */
extern const struct command execline_trap[];         /* trap */
extern const struct command execline_envfile[];      /* envfile */
extern const struct command execline_posix[];        /* posix-cd posix-umask */

#endif
