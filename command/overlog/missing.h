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

/* Prints "FILE:LINE\tNAME\tINSTEAD" for each script of the image at root that calls one of them
 * which the image does not have from elsewhere, once for each file and name. 1: there are some; 0,
 * or an exit code after saying what is wrong. */
int missing_in(const char *root);

#endif
