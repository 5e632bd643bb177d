/* The logging script: directives to a list of actions (spec/s6-log.md section 2 and DESIGN.md).
 * One table of directives serves the parser, --help and the manual. Pure. */
#ifndef LOGGER_SCRIPT_H
#define LOGGER_SCRIPT_H

#include "base/error.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct script_reader;

struct directive {
    char letter;
    const char *argument; /* "N", "MODE", "REGEX", ... or NULL */
    const char *meaning;
    int (*read)(struct script_reader *r, const char *text); /* the parser's; text after letter */
    size_t value;           /* for it: a kind of step, a stamp, or where its number goes */
    unsigned long long max; /* of that number */
};
extern const struct directive script_directives[]; /* ends with letter 0 */

/* Sticky settings as they stood when an action was met. */
struct script_settings {
    unsigned long long keep, rotate, total, tolerance, retry_ms, period, alert_bytes, status_bytes,
        age;
    int gzip; /* -1: not said */
    mode_t mode;
    const char *prefix;    /* without the blank that follows it; NULL none */
    const char *processor; /* NULL none */
    bool processor_is_shell;
    bool follow;
};

enum script_kind {
    SCRIPT_SELECT,   /* +re */
    SCRIPT_DESELECT, /* -re */
    SCRIPT_EXACT,    /* f */
    SCRIPT_STDOUT,   /* 1 */
    SCRIPT_ALERT,    /* 2 */
    SCRIPT_STATUS,   /* =FILE */
    SCRIPT_DIRECTORY /* /dir or .dir */
};

struct script_step {
    enum script_kind kind;
    const char *text;    /* regex, file or directory */
    unsigned int stamps; /* set of enum stamp_form */
    struct script_settings settings;
};

struct script {
    struct script_step *step;
    size_t count;
    struct words storage;   /* owns every text above */
    struct script_step own; /* a paired logger's own directory, as if it were the last word; its
                               path as text is the caller's to set, NULL: there is none */
    bool extraneous;        /* a selection group without an action at the end */
};

/* words are the directives (not kept). A paired logger's script needs no action: its directory is
 * implied at the end (need_action false), so selections after the last action stay in step; else
 * they are dropped and extraneous is set. Errors have code EXIT_USAGE and upstream's text; s is
 * released then. */
int script_parse(struct script *s, char *const *words, size_t count, bool need_action,
                 struct error *e);
/* Frees what script_parse made; s is empty then. */
void script_release(struct script *s);

#endif
