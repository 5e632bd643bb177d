/* The commands of s6-overlay that this program does not have. */
#ifndef COMMAND_OVERLOG_MISSING_H
#define COMMAND_OVERLOG_MISSING_H

/* What to use instead of that command; NULL: it is none of those. */
const char *missing_instead(const char *name);

/* Another program of that name further on in PATH takes over: then this does not return. Else says
 * what to use instead; returns EXIT_NOTFOUND. */
int missing_run(const char *name, char **argv);

/* Prints "NAME\tINSTEAD" lines. */
void missing_list(void);

#endif
