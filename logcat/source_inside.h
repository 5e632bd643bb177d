/* Functions that the files of a source share: source.c (its life), source_survey.c (reading it
 * through) and source_next.c (its entries). */
#ifndef LOGCAT_SOURCE_INSIDE_H
#define LOGCAT_SOURCE_INSIDE_H

#include "logcat/source.h"

/* Forgets the entries read so far. The bytes that were kept will be cut into entries again. */
void source_begin_again(struct source *s);

#endif
