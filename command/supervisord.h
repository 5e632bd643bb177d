/* supervisord's configuration files, as supervisord reads them. Pure but for included files, which
 * the caller reads. */
#ifndef COMMAND_SUPERVISORD_H
#define COMMAND_SUPERVISORD_H

#include "base/str.h"
#include <stdbool.h>

struct ini_value {
    char *section;       /* without brackets */
    char *key;           /* in lower case; NULL: only says that the section is there */
    char *value;         /* continued lines joined by newlines, comments gone */
    size_t length, room; /* of value; room for the NUL, too */
};

struct ini {
    struct ini_value *item;
    size_t count;
    size_t room;
    unsigned int strange; /* the last line that is neither; 0: none */
};

/* Sections and options of all files; more are not taken, as each is looked for among all. */
enum { INI_ITEMS_MAX = 10000 };

/* Appends what text says. -1 with errno: no memory, or E2BIG. */
int ini_parse(struct ini *ini, const char *text);
/* The last value of a key of a section; NULL: none. */
const char *ini_get(const struct ini *ini, const char *section, const char *key);
void ini_release(struct ini *ini);

/* What %(NAME)s stands for. */
struct ini_names {
    const char *program, *group, *here;
    unsigned int number, count; /* process_num, numprocs */
};

/* References to the environment stay, as INI_ENV NAME INI_END. Unknown names stay as they are:
 * false then. */
enum { INI_ENV = 1, INI_END = 2 };
bool ini_expand(const char *text, const struct ini_names *names, struct str *out);

/* Splits a command as shlex does and appends it as words of sh; references become ${NAME}. False: a
 * quote has no end. */
bool ini_command(const char *text, struct str *out);
/* One word, references included, as one of sh. */
void ini_word(const char *text, struct str *out);
/* KEY=VALUE,KEY="VALUE" as lines "export KEY=..." of sh. */
void ini_environment(const char *text, struct str *out);

/* "50MB" in bytes; -1: it is none. */
long long ini_bytes(const char *text);
bool ini_true(const char *text, bool fallback); /* NULL: fallback */

#endif
