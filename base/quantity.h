/* Numbers as people write and read them: sizes, times, integers with a sign, octal modes.
 * number_parse of base/str.h reads those without a sign. */
#ifndef BASE_QUANTITY_H
#define BASE_QUANTITY_H

#include <stdint.h>

enum { QUANTITY_MAX = 24 }; /* bytes that hold any text made here, with its NUL */

/* Writes a number of bytes in at most six characters: "532", "1.2K", "12.3M", "512G"; "-" for a
 * negative one. A unit is 1024 of the one before it. */
void quantity_size(int64_t bytes, char out[QUANTITY_MAX]);

/* Reads a number of bytes, the whole text: digits, then nothing or one of the units K, M, G, T, P
 * (of 1024 each; small letters too), which "B" or "iB" may follow: "500000", "200M", "1.5GiB" with
 * at most three digits behind the point. 0 and *bytes; 1: more than max; -1: no size. Only 0
 * changes *bytes. */
int size_parse(const char *text, uint64_t max, uint64_t *bytes);

/* Writes milliseconds in the two largest units: "7s", "2m 5s", "3h 0m", "12d 4h"; "-" for a
 * negative number. */
void quantity_duration(int64_t ms, char out[QUANTITY_MAX]);

/* Writes milliseconds as duration_parse reads them, in the fewest units that lose nothing: "0ms",
 * "500ms", "1m 30s". */
void duration_format(uint32_t ms, char out[QUANTITY_MAX]);

/* Reads a time, the whole text: a plain number of milliseconds, or numbers with the units d, h, m,
 * s and ms, each at most once and the larger first, with or without a blank between them: "30s",
 * "1m 30s 500ms". 0 and *ms; 1: more than max; -1: no time. Only 0 changes *ms. */
int duration_parse(const char *text, uint64_t max, uint64_t *ms);

/* Reads an integer with an optional sign, the whole text. 0; 1 when it has more than 64 bits, and
 * *value is the largest or smallest there is; -1 when the text is no integer. */
int integer_parse(const char *text, long long *value);

/* Reads an octal number of at most max, the whole text. 0, or -1. */
int octal_parse(const char *text, uint64_t max, uint64_t *value);

#endif
