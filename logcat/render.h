/* The forms in which logcat shows an entry. Pure but for the time zone. */
#ifndef LOGCAT_RENDER_H
#define LOGCAT_RENDER_H

#include "base/str.h"
#include "logcat/entry.h"
#include "logcat/pattern.h"
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum render_form { RENDER_SHORT, RENDER_FULL, RENDER_RAW, RENDER_JSON, RENDER_CRI, RENDER_PRETTY };

struct render_row {
    const char *name;
    const char *meaning;
};
/* By enum render_form; ends with name NULL. */
extern const struct render_row render_forms[];

struct render {
    enum render_form form;
    bool utc;
    bool names;                 /* show the service's name */
    bool color;                 /* one per service, stderr in red */
    bool caret;                 /* control characters are shown, never sent: for terminals */
    size_t width;               /* names are padded to it */
    const char *time_format;    /* as strftime, and %N; NULL: the form's own */
    const struct pattern *mark; /* with color: what matches stands out */
    size_t marks;

    bool cached; /* what the second below looks like */
    time_t second;
    time_t minute;  /* in which it lies */
    char text[128]; /* RENDER_NANO stands for nine digits */
    size_t text_length;
    char zone[8];
};

/* The form of that name, or -1. */
int render_form_parse(const char *name);

/* Appends the entry as one line, newline included. 0, or -1 for lack of memory. */
int render_entry(struct render *r, const char *name, const struct entry *entry, struct str *out);

/* Appends a JSON string with its quotes; lossy is set when bytes were no UTF-8. */
int render_json_string(struct str *out, const char *bytes, size_t length, bool *lossy);

#endif
