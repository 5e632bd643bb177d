/* What a Dockerfile says of an image's process 1. Pure: text in, a description out. */
#ifndef COMMAND_OVERLOG_IMAGEFILE_H
#define COMMAND_OVERLOG_IMAGEFILE_H

#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>

enum image_form {
    IMAGE_NONE, /* the instruction is not there */
    IMAGE_EXEC, /* a JSON list: its words are executed */
    IMAGE_SHELL /* one word, which /bin/sh -c gets */
};

struct image_command {
    enum image_form form;
    unsigned int line;
    bool bad_list; /* SHELL: it begins with [ and is no JSON list of strings */
    struct words words;
};

struct image_stage {
    char *name;         /* of FROM ... AS NAME, or NULL */
    char *base;         /* the image that it begins with; NULL: unknown */
    bool is_ours;       /* names overlog or s6-overlay somewhere */
    unsigned int trees; /* how often something else is copied to / or /etc */
    struct image_command entrypoint, cmd;
    char *signal; /* of STOPSIGNAL; NULL: there is none, or it is unknown */
    unsigned int signal_line;
    struct words variables; /* NAME=VALUE, the last one counts; NAME alone: unknown */
};

struct image_file {
    struct image_stage *stage;
    size_t count; /* the last one counts; 0: this is no Dockerfile */
    size_t room;
    struct words variables; /* before the first FROM */
};

/* -1: no memory. Any text is read somehow. */
int imagefile_read(const char *text, size_t length, struct image_file *out);
void imagefile_release(struct image_file *f);

#endif
