/* The file that says with which code the container ends (spec/overlay.md section 8). */
#ifndef SUPERVISOR_EXITCODE_H
#define SUPERVISOR_EXITCODE_H

/* Pure: the code that the file's text holds: its first line without trailing blanks, modulo 256. An
 * empty text is 0; -1: not a number. */
int exitcode_parse(const char *text);

/* Reads RUN_EXITCODE. 0 when it is missing, EXIT_USAGE (with a warning) when it holds no number; -1
 * with errno: for lack of descriptors or memory it cannot be read now. */
int exitcode_read(void);

struct pid1_calls;
/* Writes RUN_EXITCODE. A failure is ignored: nobody is left who could do anything about it. */
void exitcode_write(const struct pid1_calls *calls, int code);

#endif
