/* Making services of what other process managers are told. */
#ifndef COMMAND_OVERLOG_IMPORT_H
#define COMMAND_OVERLOG_IMPORT_H

#include "command/overlog_write.h"

struct import {
    struct writer w;
    const char *file;
    struct str notes; /* what became of things that belong to no service */
    size_t services;
};

/* Says it, and keeps it for the file import-notes. */
void import_note(struct import *im, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A name that a service may have, made of name; false, and said: there is one already. */
bool import_name(struct import *im, const char *name, char out[256]);

/* text is the file's. 0, or the exit code. */
int import_supervisord(struct import *im, const char *text);
int import_procfile(struct import *im, const char *text);

#endif
