/* Writes an entry in one of the forms that logcat shows. Pure but for the time zone. */
#ifndef LOGCAT_RENDER_H
#define LOGCAT_RENDER_H

#include "base/str.h"
#include "logcat/entry.h"
#include "logcat/pattern.h"
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum render_form { RENDER_SHORT, RENDER_FULL, RENDER_RAW, RENDER_JSON, RENDER_CRI, RENDER_PRETTY };

/* Their names, by enum render_form; ends with NULL. */
extern const char *const render_forms[];

struct render {
    enum render_form form;
    bool utc;     /* times are in UTC, else in local time */
    bool names;   /* show the service's name */
    bool color;   /* of services' names and severities; stderr is red where none is known */
    bool parse;   /* in JSON, with the fields of the line as members */
    bool caret;   /* make control characters visible: for terminals */
    size_t width; /* names are padded to that many columns */
    const char *time_format;    /* as for strftime, and %N; NULL: the form's own */
    const struct pattern *mark; /* with color: matches of these patterns stand out; not owned */
    size_t marks;

    /* The time of the last entry as text, since most entries of a second follow each other. */
    bool cached;
    time_t second;  /* that text shows */
    time_t minute;  /* the first second of its minute */
    char text[128]; /* for %N with one byte in the place of nine digits (render.c) */
    size_t text_length;
    char zone[8]; /* "+0100", or "Z" */
};

/* The number of the form of that name, or -1. */
int render_form_parse(const char *name);

/* Appends the entry of the service `name` as one line (or more, in pretty), newline included. 0, or
 * -1: no memory. */
int render_entry(struct render *r, const char *name, const struct entry *entry, struct str *out);

/* Appends the time as the short form shows it, or '-'. 0, or -1: no memory. */
int render_time(struct render *r, const struct timespec *t, struct str *out);

#endif
