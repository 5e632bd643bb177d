/* The execline lexer: text to words, by spec/execline.md section 2. It stands in base because three
 * rooms read it: execline scripts, oneshots' up and down, and logging scripts.
 *
 * Blocks come out in upstream's argv form: words at depth n carry n leading spaces, the closing
 * brace is an empty word of the outer depth.
 */
#ifndef BASE_LEXER_H
#define BASE_LEXER_H

#include "base/str.h"
#include <stddef.h>

enum { LEXER_DEPTH_MAX = 255 };

struct lexer_error {
    unsigned int line;   /* from 1; for an unmatched { or an open quote, where it opened */
    unsigned int column; /* from 1, in bytes */
    const char *text; /* static: "unmatched {", "unmatched }", "unterminated quote", "bad escape",
                         "blocks are nested too deeply", "out of memory" */
};

/* Appends the words of text to out (caller releases). A NUL byte ends the text. 0, or -1 with e
 * filled and out holding what was read so far. */
int lexer_words(const char *text, size_t length, struct words *out, struct lexer_error *e);

/* The first of the words that a shell would act upon, as "&&", and that execline gives to a program
 * as an argument; NULL: there is none. */
const char *lexer_shell_word(const struct words *words);

#endif
