/* supervisord's configuration files, as supervisord reads them. Pure but for included files, which
 * the caller reads. */
#ifndef COMMAND_OVERLOG_SUPERVISORD_H
#define COMMAND_OVERLOG_SUPERVISORD_H

#include "base/str.h"
#include <stdbool.h>

struct ini_value {
    char *section;    /* without brackets */
    char *key;        /* in lower case; NULL: only says that the section is there */
    struct str value; /* continued lines joined by newlines, comments gone; data is never NULL */
};

struct ini {
    struct ini_value *item;
    size_t count;
    size_t room;
    unsigned int strange; /* the last line that is neither; 0: none */
};

/* Sections and options of all files; more are not taken, as each is looked for among all. */
enum { INI_ITEMS_MAX = 10000 };

/* Appends the sections and options of a file's text. 0, or -1 with errno: ENOMEM, or E2BIG. */
int ini_parse(struct ini *ini, const char *text);
/* The last value of a key of a section; NULL: none. */
const char *ini_get(const struct ini *ini, const char *section, const char *key);
/* Frees the values. */
void ini_release(struct ini *ini);

/* Puts directory in place of %(here)s, in the values from the given one on. Whether there was any.
 */
bool ini_here(struct ini *ini, size_t from, const char *directory);

/* What %(NAME)s stands for. */
struct ini_names {
    const char *program, *group;
    unsigned int number, count; /* process_num, numprocs */
};

/* In expanded text a reference to the environment is INI_ENV NAME INI_END; the NAME "." is that of
 * the host. INI_QUOTED: such a one in quotes. */
enum { INI_ENV = 1, INI_END = 2, INI_QUOTED = 3 };
/* Appends text with its expressions expanded; references stay. Unknown names stay as they are:
 * false then. */
bool ini_expand(const char *text, const struct ini_names *names, struct str *out);

/* Appends expanded text with its references replaced by what lookup says, or else by their names.
 */
enum ini_settled { INI_PLAIN, INI_KNOWN, INI_UNKNOWN }; /* no references; all known; one is not */
enum ini_settled ini_settle(const char *text, char *(*lookup)(const char *name), struct str *out);

/* Splits an expanded command as shlex does and appends it as words of sh. False: a quote has no
 * end. splits: a reference is split in turn, which calls for `set -f`. */
bool ini_command(const char *text, struct str *out, bool *splits);
/* One word, references included, as one of sh. */
void ini_word(const char *text, struct str *out);
/* KEY=VALUE,KEY="VALUE" as lines "export KEY=..." of sh. False: not all could be read or has a name
 * that sh can export. */
bool ini_environment(const char *text, struct str *out);

/* Reads a size such as "50MB": bytes, or -1 when text is none. */
long long ini_bytes(const char *text);
/* Reads a boolean: 1, 0, or -1 when text is none. */
int ini_boolean(const char *text);
enum { INI_UNEXPECTED = 2 };
/* The same for autorestart, which may also be INI_UNEXPECTED. */
int ini_restart(const char *text);

#endif
