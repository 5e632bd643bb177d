/* Writing service definitions. */
#ifndef COMMAND_OVERLOG_WRITE_H
#define COMMAND_OVERLOG_WRITE_H

#include "command/overlog/overlog.h"
#include <sys/types.h>

/* Writes files of service definitions. */
struct writer {
    const struct tree *tree;
    int code; /* 0, or EXIT_SYSTEM after a failure, which was said; nothing is written then */
};
/* Writes text to the file of that name in the services folder, and makes its folders. */
void write_file(struct writer *w, mode_t mode, const char *text, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same to a file by its path, wherever that is. */
void write_path(struct writer *w, const char *path, mode_t mode, const char *text);

/* type, dependencies.d (base and those of needs, if any), and the name in bundle (NULL: none). */
void write_service(struct writer *w, const char *name, enum definition_type type,
                   const struct words *needs, const char *bundle);
/* A oneshot's up, and the script that it names. */
void write_oneshot(struct writer *w, const char *name, const char *script);

/* Whether people may give a service that name; says why not. */
bool name_is_good(const char *name);

/* Pure: a service of that name would be taken for one of ours, or refused. */
bool name_is_reserved(const char *name);

/* Pure: a word as sh reads it again. */
void sh_quote(struct str *out, const char *word);
/* Pure: the last line of a script of sh: "exec PREFIX COMMAND", as far as COMMAND is a simple one;
 * prefix holds programs that execute another, or nothing. */
void sh_exec(struct str *out, const char *prefix, const char *command);

/* Pure: several commands, one that only the shell itself knows, or quotes that leave this open. */
bool sh_is_compound(const char *command);

#define SH_SHEBANG "#!/command/with-contenv sh\n"

#endif
