#include "logcat/tally.h"
#include "base/clock.h"
#include "base/json_write.h"
#include "base/utf8.h"
#include "logcat/shape.h"
#include <stdlib.h>
#include <string.h>

enum { PLACES = TALLY_ROWS * 2, KEPT = TALLY_ROWS / 2 };

static uint64_t hash_of(const char *bytes, size_t length)
{
    uint64_t hash = 0x9e3779b97f4a7c15U ^ length, word;
    for (; length >= 8; bytes += 8, length -= 8) {
        memcpy(&word, bytes, 8);
        hash = (hash ^ word) * 0xff51afd7ed558ccdU;
        hash ^= hash >> 32;
    }
    for (; length > 0; length--)
        hash = (hash ^ (unsigned char)*bytes++) * 0x100000001b3U;
    return hash ^ hash >> 29;
}

static uint16_t *find(const struct tally *t, uint64_t hash, const char *shape, size_t length)
{
    for (size_t i = hash % PLACES;; i = (i + 1) % PLACES) {
        uint16_t *place = &t->place[i];
        if (*place == 0)
            return place;
        const struct tally_row *row = &t->row[*place - 1];
        if (row->hash == hash && row->length == length && memcmp(row->shape, shape, length) == 0)
            return place;
    }
}

static void place_all(struct tally *t)
{
    memset(t->place, 0, PLACES * sizeof *t->place);
    for (size_t i = 0; i < t->rows; i++)
        *find(t, t->row[i].hash, t->row[i].shape, t->row[i].length) = (uint16_t)(i + 1);
}

static int by_count(const void *a, const void *b)
{
    const struct tally_row *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    int order = clock_compare(&x->first, &y->first);
    return order != 0 ? order : strcmp(x->shape, y->shape);
}

/* Gives up the half of the rows with the rarest shapes. */
static void give_up(struct tally *t)
{
    qsort(t->row, t->rows, sizeof *t->row, by_count);
    for (; t->rows > KEPT; t->rows--) {
        t->rare += t->row[t->rows - 1].count;
        free(t->row[t->rows - 1].shape);
    }
    place_all(t);
}

static int open_tally(struct tally *t)
{
    t->row = calloc(TALLY_ROWS, sizeof *t->row);
    t->place = calloc(PLACES, sizeof *t->place);
    return t->row && t->place ? 0 : -1;
}

static struct tally_row *new_row(struct tally *t, uint64_t hash, const struct entry *entry)
{
    size_t example = entry->length < TALLY_EXAMPLE ? entry->length : TALLY_EXAMPLE;
    if (example < entry->length)
        example -= utf8_torn(entry->message, example);
    char *text = malloc(t->shape.length + example + 2);
    if (!text)
        return NULL;
    struct tally_row *row = &t->row[t->rows++];
    *row = (struct tally_row){.shape = text,
                              .example = text + t->shape.length + 1,
                              .length = t->shape.length,
                              .hash = hash};
    memcpy(text, t->shape.data, t->shape.length + 1);
    memcpy(row->example, entry->message, example);
    row->example[example] = '\0';
    return row;
}

static void count(struct tally_row *row, const char *service, const struct entry *entry)
{
    if (row->count++ == 0)
        row->service = service;
    else if (row->service && row->service != service && strcmp(row->service, service) != 0)
        row->service = NULL;
    if (!clock_is_set(&entry->time))
        return;
    if (!clock_is_set(&row->first) || clock_compare(&entry->time, &row->first) < 0)
        row->first = entry->time;
    if (clock_compare(&entry->time, &row->last) > 0)
        row->last = entry->time;
}

int tally_add(struct tally *t, const char *service, const struct entry *entry)
{
    if ((!t->row && open_tally(t) < 0) || shape_of(entry->message, entry->length, &t->shape) < 0)
        return -1;
    if (t->rows == TALLY_ROWS)
        give_up(t);
    uint64_t hash = hash_of(t->shape.data, t->shape.length);
    uint16_t *place = find(t, hash, t->shape.data, t->shape.length);
    struct tally_row *row = *place > 0 ? &t->row[*place - 1] : new_row(t, hash, entry);
    if (!row)
        return -1;
    *place = (uint16_t)(row - t->row + 1);
    count(row, service, entry);
    t->lines++;
    return 0;
}

static int by_rarity(const void *a, const void *b)
{
    return by_count(b, a);
}

void tally_sort(struct tally *t, bool rarest)
{
    if (t->rows > 0)
        qsort(t->row, t->rows, sizeof *t->row, rarest ? by_rarity : by_count);
}

/* --- showing --- */

static double share(const struct tally *t, unsigned long long lines)
{
    return 100.0 * (double)lines / (double)t->lines;
}

/* Appends ,"NAME":"TEXT". */
static void put_member(struct str *out, const char *name, const char *text, size_t length)
{
    str_printf(out, ",\"%s\":", name);
    json_write_string(out, text, length, NULL);
}

static int show_json(const struct tally *t, const struct tally_row *row, struct render *r,
                     struct str *out)
{
    struct str text = STR_INIT;
    str_printf(out, "{\"count\":%llu,\"share\":%.2f", row->count, share(t, row->count));
    for (int i = 0; i < 2; i++) {
        const struct timespec *time = i == 0 ? &row->first : &row->last;
        str_clear(&text);
        if (clock_is_set(time) && render_time(r, time, &text) == 0 && str_add_char(&text, 'Z') == 0)
            put_member(out, i == 0 ? "first" : "last", text.data, text.length);
    }
    if (row->service)
        put_member(out, "service", row->service, strlen(row->service));
    put_member(out, "pattern", row->shape, row->length);
    put_member(out, "example", row->example, strlen(row->example));
    str_release(&text);
    return str_add_text(out, "}\n");
}

/* Appends a time and blanks up to that width. Returns the width of the time alone. */
static size_t put_time(struct render *r, const struct timespec *time, size_t width, struct str *out)
{
    size_t begin = out->length;
    if (render_time(r, time, out) < 0)
        return 0;
    size_t own = utf8_width(out->data + begin, out->length - begin);
    str_printf(out, "%*s", own < width ? (int)(width - own) : 0, "");
    return own;
}

/* The width of the widest time that is shown. */
static size_t time_width(const struct tally *t, size_t most, struct render *r)
{
    struct str text = STR_INIT;
    size_t width = strlen("FIRST");
    for (size_t i = 0; i < 2 * t->rows && i < 2 * most; i++) {
        const struct tally_row *row = &t->row[i / 2];
        str_clear(&text);
        size_t own = put_time(r, i % 2 == 0 ? &row->first : &row->last, 0, &text);
        width = own > width ? own : width;
    }
    str_release(&text);
    return width;
}

static int show_row(const struct tally *t, const struct tally_row *row, struct render *r,
                    size_t width, struct str *out)
{
    str_printf(out, "%9llu  %5.1f%%  ", row->count, share(t, row->count));
    put_time(r, &row->first, width, out);
    str_add_text(out, "  ");
    put_time(r, &row->last, width, out);
    str_add_text(out, "  ");
    utf8_visible(row->service ? row->service : "(several)",
                 strlen(row->service ? row->service : "(several)"), out);
    str_add_text(out, "\n    ");
    utf8_visible(row->shape, row->length, out);
    str_add_text(out, r->color ? "\n    \033[2m" : "\n    ");
    utf8_visible(row->example, strlen(row->example), out);
    return str_add_text(out, r->color ? "\033[0m\n" : "\n");
}

int tally_show(const struct tally *t, struct render *r, size_t most, struct str *out)
{
    bool json = r->form == RENDER_JSON;
    int result = 0, width = json ? 0 : (int)time_width(t, most, r);
    if (!json && t->rows > 0)
        result = str_printf(out, "%9s  %6s  %-*s  %-*s  %s\n", "COUNT", "SHARE", width, "FIRST",
                            width, "LAST", "SERVICE");
    for (size_t i = 0; result == 0 && i < t->rows && i < most; i++)
        result = json ? show_json(t, &t->row[i], r, out)
                      : show_row(t, &t->row[i], r, (size_t)width, out);
    if (result == 0 && t->rare > 0 && !json)
        result = str_printf(out, "%9llu  %5.1f%%  of other patterns, too rare to be kept\n",
                            t->rare, share(t, t->rare));
    return result;
}

void tally_release(struct tally *t)
{
    for (size_t i = 0; i < t->rows; i++)
        free(t->row[i].shape);
    free(t->row);
    free(t->place);
    str_release(&t->shape);
    *t = (struct tally){.row = NULL};
}
