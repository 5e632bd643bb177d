/* Secrets in files: X_FILE=/run/secrets/x, or FILE__X=/run/secrets/x, gives the variable X the
 * content of that file. What is wrong is said by the names of variables, never by a value of one:
 * neither the secret nor the path.
 *
 * 1. secrets_find says which variables get a value from which file. 2. secret_read reads each. The
 * caller sets secret.name and removes secret.from: programs that know X_FILE themselves refuse to
 * have both. */
#ifndef OVERLAY_SECRETS_H
#define OVERLAY_SECRETS_H

#include "base/str.h"
#include "overlay/settings.h"
#include "services/problems.h"
#include <stdbool.h>

enum { SECRET_MAX = 65536 }; /* bytes of a file */

#define SECRETS_USUAL "FILE__ _FILE"

struct secret {
    char *name;       /* of the variable that gets the value; owned */
    char *from;       /* of the one that names the file; owned */
    const char *path; /* of the environment */
};

/* Owns its list. SECRETS_INIT is empty and safe to release. */
struct secrets {
    struct secret *item;
    size_t count;
};

#define SECRETS_INIT ((struct secrets){.item = NULL})

/* Reads affixes, words with blanks between them: one that begins with _ is the end of a variable's
 * name, any other its beginning. What can be neither is an error in p. 0, or -1 without memory. */
int secrets_affixes(const char *text, struct words *affixes, struct problems *p);

/* Finds the variables of an environment that name files. Behind the end of a name, as in X_FILE, a
 * value that begins with no slash names no file. An empty one counts as unset. Of a variable that
 * is set as well, or has two files, and of a path that is not absolute there is an error in p, and
 * nothing in s. Pure. 0, or -1 without memory. */
int secrets_find(struct secrets *s, char *const *environment, const struct words *affixes,
                 struct problems *p);
void secrets_release(struct secrets *s);

/* Reads a secret into value, without newlines at the end. False, with an error in p: there is no
 * such file, it is none, it is too large, or holds a NUL byte. */
bool secret_read(const struct secret *s, struct str *value, struct problems *p);

/* The boot step OVERLOG_SECRETS: puts all into the environment of the container, in files of mode
 * 0600, and where services get the environment as it is (S6_KEEP_ENV) into ours. What is wrong is
 * said; 0, or -1: that ends the boot (S6_BEHAVIOUR_IF_STAGE2_FAILS). */
int secrets_boot(const struct settings *settings);

#endif
