/* What is to be said of a Dockerfile: whether /init is process 1 of its image and hears the signal
 * that ends it. Nothing is said of what is not certain. */
#ifndef COMMAND_OVERLOG_IMAGECHECK_H
#define COMMAND_OVERLOG_IMAGECHECK_H

#include "command/overlog/imagefile.h"
#include "services/problems.h"

/* Pure. Findings go to p, as warnings about path. */
void imagefile_check(const struct image_file *f, const char *path, struct problems *p);

/* Finds the Dockerfile or Containerfile of the image that the folder dir is for, in it or above it
 * as far as the repository reaches, and checks it. Where there is none, nothing is said. */
void imagefile_find(const char *dir, struct problems *p);

#endif
