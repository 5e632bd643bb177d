/* The order of a source's lines: where stamps step back, which parts can be left out by their
 * stamps, and where an entry belongs among those of other sources. Part of source.c. */
#ifndef LOGCAT_ORDER_H
#define LOGCAT_ORDER_H

#include "logcat/source.h"
#include <stdbool.h>
#include <time.h>

struct bgzf_index;

/* Whether the time is one that a clock that was ever set can show: 2001 or later. */
bool order_is_believed(const struct timespec *t);
/* Whether the message begins with a blank or tab. */
bool order_is_indented(const char *message);

/* Notes the stamp of the source's next line; its form may be STAMP_NONE. */
void order_line(struct source *s, const struct stamp *stamp, const char *message);
/* Fills in order and head of s->entry, which has the time t. */
void order_place(struct source *s, const struct timespec *t);

/* In a survey: notes which file the bytes read last are of. inside_line: bytes of a begun line were
 * there before them. */
void order_file(struct source *s, bool inside_line);
/* In a survey: notes that the last file was read to its end. */
void order_end(struct source *s);

/* Whether lines with stamps from least to most can be left out. */
bool order_can_go(const struct source *s, const struct timespec *least,
                  const struct timespec *most);
/* Notes that lines were left out, each with a stamp, in order, from first to last. */
void order_pass_over(struct source *s, const struct timespec *first, const struct timespec *last);

/* The functions of a struct reader_skip; context: the source. */
bool order_skip_member(void *context, const struct bgzf_index *index);
bool order_skip_archive(void *context, const struct timespec *name);
bool order_skip_whole(void *context, const struct timespec *name, const struct bgzf_index *index);
bool order_skip_block(void *context, int64_t offset, int64_t *end);

/* In a survey: notes that `size` bytes of lines were passed over, which end at s->begin. */
void order_keep_block(struct source *s, size_t size, const struct timespec *first,
                      const struct timespec *last);

#endif
