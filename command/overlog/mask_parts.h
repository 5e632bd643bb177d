/* The searches behind mask.h: each adds the secrets of its kind in a text. Pure. */
#ifndef COMMAND_OVERLOG_MASK_PARTS_H
#define COMMAND_OVERLOG_MASK_PARTS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    MASK_KIND_MAX = 80,
    MASK_BLANKS_MAX = 60, /* between a name and its value */
    MASK_LOOK_BACK = 4096 /* bytes of a line before something in it */
};

struct mask_part {
    size_t begin, end; /* in the text */
    size_t from; /* what is the secret wherever else it stands begins there; end: nothing is */
    char quote;  /* of the shell, which is open at from; 0: none */
    char kind[MASK_KIND_MAX];
};

/* A line of the text, newline excluded. */
struct mask_line {
    size_t begin, end;
    bool known;
};

struct mask_parts {
    const char *text;
    size_t length;
    struct mask_part *part; /* owned */
    size_t count, room;
    struct {
        size_t begin, end;
    } word;                 /* the last one of several quoted pieces */
    size_t members_end;     /* of the last list, object or block whose members were added */
    bool failed;            /* no memory: parts are missing */
    struct mask_line *line; /* which was asked for last; borrowed */
};

/* Adds bytes begin to end, of which those behind from are the secret. NULL: they are none, or there
 * is no memory. */
struct mask_part *mask_add(struct mask_parts *p, size_t begin, size_t end, size_t from,
                           const char *kind);
/* The same, all of them, of the kind "WHAT NAME" with a name of that length. */
struct mask_part *mask_add_value(struct mask_parts *p, size_t begin, size_t end, const char *what,
                                 const char *name, size_t length);

/* Values of names, of options and of the password options of some programs. */
void mask_find_values(struct mask_parts *p);
/* The value of the word from begin to end, if that is a password option of a program on its line,
 * or SQL that has one. */
void mask_find_option(struct mask_parts *p, size_t begin, size_t end);
/* Tokens, URLs, PEM blocks. */
void mask_find_shapes(struct mask_parts *p);

/* The end of the line that position at is in: of its newline, or of the text. */
size_t mask_line_end(const struct mask_parts *p, size_t at);
/* Where that line begins. */
size_t mask_line_begin(const struct mask_parts *p, size_t at);
/* The same, but at most MASK_LOOK_BACK before at. */
size_t mask_look_back(const struct mask_parts *p, size_t at);

/* Leaves blanks and ends of lines at both ends out. */
void mask_trim(const char **text, size_t *length);
/* The byte at i; 0 behind the end. */
char mask_at(const struct mask_parts *p, size_t i);
/* Behind the blanks at i, of which so many may be. */
size_t mask_skip_blanks(const struct mask_parts *p, size_t i);
bool mask_is_quote(char c);
/* The quote that closes what begins at i, behind another one; or the end of the line, if there is
 * none soon. */
size_t mask_close_quote(const struct mask_parts *p, size_t i, char quote);
/* Where a word of a shell ends that began at word. From i on it is read: from word, or from behind
 * the quote that closed its first piece. */
size_t mask_word_end(struct mask_parts *p, size_t word, size_t i);
/* Whether the text is on the same line, not far in front of i. */
bool mask_stands_before(const struct mask_parts *p, size_t i, const char *text);
/* Nothing secret: no value, a word that says whether there is one, a variable that has it. */
bool mask_is_harmless(const char *value, size_t length);

#endif
