/* What a source knows of the order of its lines: where stamps step back, what an archive bounds,
 * and the place of an entry among those of other sources. Part of source.c. */
#ifndef LOGCAT_ORDER_H
#define LOGCAT_ORDER_H

#include "logcat/source.h"
#include <stdbool.h>
#include <time.h>

struct bgzf_index;

/* Whether a clock that was set can have shown this time. */
bool order_is_believed(const struct timespec *t);
bool order_is_indented(const char *message);

/* The next line of the source, whose stamp.form may be STAMP_NONE. */
void order_line(struct source *s, const struct stamp *stamp, const char *message);
/* The entry that came of a line, of that time. */
void order_place(struct source *s, const struct timespec *t);

/* The reader is in a file, perhaps another one. inside_line: it was given a part of a line before.
 */
void order_file(struct source *s, bool inside_line);
/* The last file was read. */
void order_end(struct source *s);

/* Whether lines of these stamps, least to most, can be left out. */
bool order_can_go(const struct source *s, const struct timespec *least,
                  const struct timespec *most);
/* They are left out; each has a stamp, and they are in order. */
void order_pass_over(struct source *s, const struct timespec *first, const struct timespec *last);

/* The calls of a reader_skip; context: the source. */
bool order_skip_member(void *context, const struct bgzf_index *index);
bool order_skip_archive(void *context, const struct timespec *name);
bool order_skip_whole(void *context, const struct timespec *name, const struct bgzf_index *index);
bool order_skip_block(void *context, int64_t offset, int64_t *end);

/* A survey passed over lines of the file that end at begin, and are `size` bytes. */
void order_keep_block(struct source *s, size_t size, const struct timespec *first,
                      const struct timespec *last);

#endif
