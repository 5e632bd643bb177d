/* Masks secrets in texts that are to be shown to others. Pure.
 *
 *     mask_learn_text(&m, text, length);      // of all texts first: what is secret in one is
 *     mask_text(&m, text, length, &out, ...)  // masked in all
 *
 * Secret are: values of variables, options, keys and headers whose names say so; the userinfo of
 * URLs; tokens that are known by their form (AWS, GitHub, Slack, JWT and others), PEM blocks,
 * bearer tokens; passwords on the command lines of well-known programs; and wherever else they
 * stand, the values that were learned so, unless they are ordinary words. Too much is masked rather
 * than too little. */
#ifndef COMMAND_OVERLOG_MASK_H
#define COMMAND_OVERLOG_MASK_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

/* What stands in the place of a secret. */
#define MASKED "[masked]"

struct mask_value {
    char *bytes; /* owned */
    size_t length;
    size_t next; /* of those in the same bucket, from 1; 0: none */
};

struct mask {
    struct mask_value *value; /* owned */
    size_t count, room;
    size_t *bucket; /* owned: the last value whose first bytes have that hash, from 1 */
};

#define MASK_INIT ((struct mask){.value = NULL})

/* Learn a value that is a secret, if it can be told from ordinary words, without blanks around it,
 * and those of a text. 0, or -1: no memory. */
int mask_learn(struct mask *m, const char *value, size_t length);
int mask_learn_text(struct mask *m, const char *text, size_t length);
/* Learns a file that is nothing but secrets: all of it, and all values that it has as lines
 * NAME=VALUE, as members of JSON, or behind colons. */
int mask_learn_file(struct mask *m, const char *text, size_t length);
void mask_release(struct mask *m);

/* Called for each secret: the line of the masked text in which it stood, from 1, and its kind, such
 * as "value of DB_PASSWORD". */
typedef void mask_found(void *context, unsigned long line, const char *kind);
/* Appends the text with its secrets masked. 0, or -1: no memory. */
int mask_text(const struct mask *m, const char *text, size_t length, struct str *out,
              mask_found *found, void *context);

/* The same with what was learned alone: for a text of ours that may quote others. */
int mask_learned(const struct mask *m, const char *text, size_t length, struct str *out);

/* Whether a variable, option, key or file of that name holds a secret. */
bool mask_is_secret_name(const char *name, size_t length);

#endif
