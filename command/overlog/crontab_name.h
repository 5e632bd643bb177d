/* A name for the service of a job, made of its shell command: that of the program which does the
 * work, behind what leads to it (env, nice, sudo -u app, cd /app &&), or of the script that an
 * interpreter runs. It is a guess, which any text may be given to. Pure. */
#ifndef COMMAND_OVERLOG_CRONTAB_NAME_H
#define COMMAND_OVERLOG_CRONTAB_NAME_H

enum { CRONTAB_NAME_MAX = 60 };

/* Writes letters, digits, and in between -, _ and dots; "job" where nothing names the command. */
void crontab_name(const char *command, char out[CRONTAB_NAME_MAX]);

#endif
