/* What is to be said of a Dockerfile: whether /init is process 1 of its image and hears the signal
 * that ends it. Nothing is said of what is not certain. */
#ifndef COMMAND_OVERLOG_IMAGECHECK_H
#define COMMAND_OVERLOG_IMAGECHECK_H

#include "command/overlog/imagefile.h"
#include "services/problems.h"
#include <stdbool.h>

/* What the build of an image may do to a tree, so that less is certain of that. */
struct image_build {
    bool found;      /* there is a Dockerfile; else nothing is known */
    bool has_more;   /* the base, or another COPY, may bring definitions */
    bool sets_modes; /* chmod is mentioned */
    bool has_hook;   /* S6_STAGE2_HOOK is mentioned: it may choose what is started */
    struct str text; /* to be released */
};

/* Pure. Findings go to p, as warnings about path. */
void imagefile_check(const struct image_file *f, const char *path, struct problems *p);
/* Pure: whether the last stage may have definitions from elsewhere. */
bool imagefile_has_more(const struct image_file *f);

/* Finds the Dockerfile or Containerfile of the image that the folder dir is for, in it or above it
 * as far as the repository reaches, and checks it. Where there is none, nothing is said. */
void imagefile_find(const char *dir, struct image_build *build, struct problems *p);

#endif
