/* The tables of the execline language (spec/execline.md), each in the file of its rows, ended by a
 * row without a name. Every command may be a link of a chain (command/commands.h). */
#ifndef EXECLINE_COMMANDS_H
#define EXECLINE_COMMANDS_H

#include "base/command.h"

#define EXECLINE_COMMANDS(LINK)                                                                    \
    LINK(execline_language)     /* execlineb */                                                    \
    LINK(execline_control)      /* background foreground if ifelse ifte ifthenelse */              \
    LINK(execline_capture)      /* backtick withstdinas */                                         \
    LINK(execline_substitution) /* define importas multisubstitute ... */                          \
    LINK(execline_environment)  /* export unexport emptyenv ... */                                 \
    LINK(execline_descriptors)  /* fdmove pipeline ... */                                          \
    LINK(execline_redirfd)      /* redirfd */                                                      \
    LINK(execline_process)      /* exec tryexec exit cd umask */                                   \
    LINK(execline_positional)   /* elgetopt shift runblock dollarat */                             \
    LINK(execline_eltest)       /* eltest s6-test */                                               \
    LINK(execline_loops)        /* forx forstdin forbacktickx loopwhilex */                        \
    LINK(execline_waiting)      /* wait */                                                         \
    LINK(execline_match)        /* case */                                                         \
    LINK(execline_trap)         /* trap */                                                         \
    LINK(execline_envfile)      /* envfile */                                                      \
    LINK(execline_posix)        /* posix-cd posix-umask */

#define EXECLINE_TABLE(name) extern const struct command name[];
EXECLINE_COMMANDS(EXECLINE_TABLE)
#undef EXECLINE_TABLE

#endif
