/* Unit files of systemd: their settings in the order in which they stand, with the place of each.
 * Pure.
 *
 *   [SECTION]     begins a section
 *   KEY=VALUE     a setting of it
 *   # or ;        begins a comment, between lines that belong together as well
 *   \             at its end joins the next line to a line, by a blank */
#ifndef COMMAND_OVERLOG_UNIT_FILE_H
#define COMMAND_OVERLOG_UNIT_FILE_H

#include <stdbool.h>
#include <stddef.h>

enum unit_mistake { UNIT_GOOD = 0, UNIT_NO_SIGN, UNIT_NO_SECTION, UNIT_BAD_HEADER };

/* Owns its texts, but for file. */
struct unit_setting {
    enum unit_mistake mistake; /* then key is the line, and the others are "" */
    char *section, *key, *value;
    const char *file;
    unsigned int line; /* where it begins, from 1 */
};

/* Of a unit and its drop-ins. All zero: empty, and safe to release. */
struct unit_file {
    struct unit_setting *item;
    size_t count;
    size_t room;
};

enum { UNIT_SETTINGS_MAX = 4096 }; /* more are not taken, as each key is looked for among all */

/* Appends the settings of a file's text; file is borrowed. 0, or -1 with errno: ENOMEM, or E2BIG.
 */
int unit_parse(struct unit_file *u, const char *file, const char *text);
/* The last setting of a key; NULL: there is none. */
const struct unit_setting *unit_find(const struct unit_file *u, const char *section,
                                     const char *key);
/* The last value of a key; "": there is none. */
const char *unit_get(const struct unit_file *u, const char *section, const char *key);
/* Steps through the settings of a key that adds up: those behind the last empty one. *at is 0 in
 * the beginning. NULL: there is no further one. */
const struct unit_setting *unit_next(const struct unit_file *u, const char *section,
                                     const char *key, size_t *at);
void unit_file_release(struct unit_file *u);

#endif
