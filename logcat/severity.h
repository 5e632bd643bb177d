/* How bad a line says that it is, found out when it is read: by the form in which the program
 * writes its level. Pure.
 *
 * severity_formats has a row for each form; docs/logcat.1 tells the user of them. The words that
 * programs use for a level are one list for all forms. */
#ifndef LOGCAT_SEVERITY_H
#define LOGCAT_SEVERITY_H

#include <stdbool.h>
#include <stddef.h>

/* The worse, the greater. The names are those of syslog. */
enum severity {
    SEVERITY_UNKNOWN,
    SEVERITY_DEBUG,
    SEVERITY_INFO,
    SEVERITY_NOTICE,
    SEVERITY_WARNING,
    SEVERITY_ERROR,
    SEVERITY_CRITICAL,
    SEVERITY_ALERT,
    SEVERITY_EMERGENCY
};

/* What the form's text stands behind. */
enum severity_place {
    AFTER_TIME,         /* the line begins with a time */
    AFTER_BRACKET_TIME, /* with '[' and a time */
    AT_BRACKET,         /* with '[' and something else */
    AT_DIGIT,           /* with a digit, but no time */
    AT_OTHER,           /* with anything else */
    AT_JSON,            /* the line is a JSON object */
    AT_LOGFMT           /* the line is NAME=VALUE... */
};

struct severity_format {
    const char *program; /* that writes so, among others */
    enum severity_place place;
    enum severity fixed; /* of lines of this form, unless the text names one */
    /* The text from that place on; the rest of the line may be anything. A blank stands for one or
     * more blanks or tabs, '~' for any number of them, '#' for a digit; and
     *   %w  a word for a level, as "warn" or "WARN"    %W  one in capitals
     *   %l  a letter for a level                       %r  redis' mark for a level
     *   %n  a priority of syslog                       %P  PHP's words for a level
     *   %t  a time                                     %d  digits
     *   %s  bytes that are no blanks, without a ':' at their end
     *   %a  a word of letters, digits, '-', '_'        %m  bytes up to the next one of the text
     *   %x  a word that ends with Exception or Error, and ':' or the line's end behind it */
    const char *text;
};

/* Ends with program NULL. */
extern const struct severity_format severity_formats[];

/* The row that fits, and the line's severity; NULL and SEVERITY_UNKNOWN where none does. */
const struct severity_format *severity_find(const char *message, size_t length, enum severity *is);

/* The severity that the word is used for, in any case; SEVERITY_UNKNOWN: none. */
enum severity severity_word(const char *word, size_t length);
/* The name that logcat uses: "warning"; "" where it is unknown. */
const char *severity_name(enum severity s);
/* The SGR parameters of its colour; NULL: none. */
const char *severity_color(enum severity s);

struct severity_range {
    enum severity least, most; /* both SEVERITY_UNKNOWN: any */
};

/* Reads WORD (at least that), WORD..WORD, WORD.. or ..WORD; a digit of syslog (3: err) is a word as
 * well. 0, or -1: it is something else. */
int severity_range_parse(const char *text, struct severity_range *range);
/* A line of unknown severity counts as info. */
bool severity_in(const struct severity_range *range, enum severity s);

#endif
