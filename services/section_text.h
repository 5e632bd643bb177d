/* Text of a file that is made of a section, with the line of services.conf that each of its lines
 * comes from; and the variables in it. Shared by section_*.c. */
#ifndef SERVICES_SECTION_TEXT_H
#define SERVICES_SECTION_TEXT_H

#include "base/str.h"
#include "services/section.h"

/* TEXT_INIT is empty and safe to release. */
struct text {
    struct str bytes;
    uint32_t *line;
    size_t lines;
    size_t room;
    bool no_memory; /* not all was added */
};

#define TEXT_INIT ((struct text){.lines = 0})

/* Adds lines: bytes, and a newline. Its first line comes from `line`, and each further one from the
 * next where it is `spread`, else from the same. */
void text_add(struct text *t, const char *bytes, uint32_t line, bool spread);
/* Moves all lines of other to the end of t; other is as TEXT_INIT then. */
void text_join(struct text *t, struct text *other);
/* The file of that name with the text, which is as TEXT_INIT then. False: no memory. */
bool text_file(struct text *t, const char *name, struct section_file *out);
/* Frees it. */
void text_release(struct text *t);

/* The variable that is to hold a dollar, as which escaped ones are written: execline takes the
 * backslash of \\$NAME away only where it replaces that NAME. */
#define TEXT_DOLLAR ":"

/* Adds to names those of the variables that are to be replaced in a command line, $NAME and
 * ${NAME}, each once; and TEXT_DOLLAR where one of them is escaped. -1: no memory. */
int text_variables(const char *line, struct words *names);
/* Appends the line with $NAME written as ${NAME}, since execline leaves $NAME alone where a slash,
 * a dot or the like follows; $1 as well where it is positional; and with the dollar of \\$NAME
 * written as TEXT_DOLLAR. -1: no memory. */
int text_braced(const char *line, bool positional, struct str *out);
/* Whether a command line has a single quote outside of double ones, which quotes nothing. */
bool text_has_apostrophe(const char *line);
/* Whether a script of the shell sets the variable (name=, for name, read name) and uses it in a
 * later word. */
bool text_script_sets(const char *script, const char *name);
/* Appends a word of a command line so that no variable in it is replaced. -1: no memory. */
int text_unreplaced(const char *word, struct str *out);

#endif
