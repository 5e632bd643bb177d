/* The commands of a section that stand before its program, each of which executes the next: shared
 * by section_*.c. */
#ifndef SERVICES_SECTION_CHAIN_H
#define SERVICES_SECTION_CHAIN_H

#include "services/section_text.h"
#include "services/sugar.h"

/* A section while its files are made. */
struct expansion {
    const struct conf_section *s;
    const char *file; /* path of services.conf */
    struct problems *p;
    struct section *out;
    enum definition_type type;
    bool no_memory;
};

/* Says an error at a line of the file. */
void expansion_error(struct expansion *x, uint32_t line, const char *cure, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Warns of single quotes in a command line. */
void expansion_quotes(struct expansion *x, const struct conf_key *k);
/* The words of a key's value, as execline reads them; a mistake is said, and false; and single
 * quotes are warned of, and variables that a shell's script among the words sets itself. The caller
 * releases words. */
bool expansion_words(struct expansion *x, const struct conf_key *k, struct words *words);

/* Whether the program gets nothing of the container's environment. */
bool section_is_bare(struct expansion *x);
/* Whether any key of the section is a command. */
bool section_has_commands(const struct expansion *x);
/* Adds the lines of the chain before a program that is written at that line as command, which is
 * NULL for one that has no variables of ours; commands false: without those of the keys. */
void section_chain(struct expansion *x, const char *command, bool commands, uint32_t line,
                   struct text *t);

#endif
