/* Environment files: lines NAME=VALUE, as docker's --env-file, compose's env_file and systemd's
 * EnvironmentFile have them. Pure.
 *
 * Blank lines, and those that begin with # or ;, say nothing. `export` before a name is skipped. A
 * value is all to the end of its line, without blanks around it; a backslash at the end of the line
 * joins the next line to it. If it begins with a quote it is what the quotes hold, over several
 * lines perhaps: '...' as it is, "..." with a backslash before one of "\$` taken for that
 * character, and before a newline for nothing. Nothing else is replaced: $ and # stand for
 * themselves. A name alone, as docker has it, keeps its value. */
#ifndef BASE_ENVFILE_H
#define BASE_ENVFILE_H

#include "base/str.h"

/* What is wrong, without anything that could be part of a value. */
struct envfile_mistake {
    unsigned int line;
    const char *text; /* a constant; NULL: there was no memory */
};

/* Appends an assignment "NAME=VALUE" to out for each line, later ones of the same name behind
 * earlier ones. 0; or -1 with m, and some of them in out. */
int envfile_parse(const char *bytes, size_t length, struct words *out, struct envfile_mistake *m);

#endif
