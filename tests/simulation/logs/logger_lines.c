/* The lines that a service writes, and what is in its log in the end. By the description in
 * docs/log-directory.md; nothing of the product is called. */
#include "tests/simulation/logs/logger_life.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

static const char WIDE_FIRST = '\xc3', WIDE_SMALL = '\xa9', WIDE_LARGE = '\x89'; /* e, acute */

enum { PIPE_ROOM = 65536, ARCHIVE_NAME = 27 /* bytes, with .s */, FED_MOST = 150000 };

/* --- writing ---------------------------------------------------------------------------------- */

static void give(int stream, const char *text, size_t length)
{
    bytes_add(&life.fed[stream], text, length);
    bytes_add(&life.pipe[stream]->data, text, length);
    life.begun[stream] += length;
}

void lines_end_here(int stream)
{
    struct written *w = &life.line[stream][life.lines[stream]];
    if (life.begun[stream] == 0)
        return;
    *w = (struct written){.at = (uint32_t)(life.fed[stream].length - life.begun[stream]),
                          .length = (uint32_t)life.begun[stream],
                          .pieces = life.waited[stream] || life.begun[stream] > LINE_LONG - 4};
    life.lines[stream]++;
    life.begun[stream] = 0;
    life.waited[stream] = false;
}

void lines_cut_here(int stream)
{
    if (life.begun[stream] > 0)
        life.cut[stream][life.cuts[stream]++] = life.fed[stream].length;
    lines_end_here(stream);
}

static size_t draw_length(struct random *r)
{
    uint32_t kind = random_below(r, 100);
    if (kind < 4 && life.plan->long_lines)
        return 8100 + random_below(r, 12000);
    return kind < 15 ? random_below(r, 900) : random_below(r, 100);
}

/* A byte of a line: letters, of stdout small ones, some of two bytes. */
static char letter(int stream, size_t place)
{
    if (life.plan->wide && place % 7 >= 5)
        return place % 7 == 5 ? WIDE_FIRST : stream == 0 ? WIDE_SMALL : WIDE_LARGE;
    return (char)((stream == 0 ? 'a' : 'A') + (long)((size_t)life.lines[stream] + place) % 26);
}

/* What the text of a line is: "o12:" and letters. goes_on: its end comes later. */
static void write_line(int stream, bool goes_on, struct random *r)
{
    char text[24000];
    size_t length = draw_length(r);
    size_t waiting = life.pipe[stream]->data.length - life.pipe[stream]->taken;
    if (life.begun[stream] == 0) {
        int n = snprintf(text, sizeof text, "%c%ld:", stream == 0 ? 'o' : 'e', life.lines[stream]);
        if (waiting + (size_t)n + length + 1 > PIPE_ROOM)
            return;
        give(stream, text, (size_t)n);
    } else if (waiting + length + 1 > PIPE_ROOM) {
        return;
    }
    for (size_t i = 0; i < length; i++)
        text[i] = letter(stream, life.begun[stream] + i);
    give(stream, text, length);
    if (goes_on) {
        life.waited[stream] = true;
        return; /* it goes on later */
    }
    lines_end_here(stream);
    const char end = random_chance(r, 3) ? '\0' : '\n';
    bytes_add(&life.fed[stream], &end, 1);
    bytes_add(&life.pipe[stream]->data, &end, 1);
}

void lines_write(struct random *r)
{
    uint32_t count = 1 + random_below(r, random_chance(r, 30) ? 120 : 12);
    for (uint32_t i = 0; i < count; i++) {
        int stream = random_chance(r, 30);
        if (life.lines[stream] + 1 < LINES && life.fed[stream].length < FED_MOST)
            write_line(stream, random_chance(r, 5), r);
    }
}

void lines_begin(struct random *r)
{
    int stream = random_chance(r, 30);
    if (life.lines[stream] + 1 < LINES && life.fed[stream].length < FED_MOST)
        write_line(stream, true, r);
}

/* --- reading a log ---------------------------------------------------------------------------- */

static size_t stamps_length(const char *stamps)
{
    size_t length = 0;
    for (; *stamps != '\0'; stamps++)
        length += *stamps == 't' ? 26 : *stamps == 'C' ? 40 : 31;
    return length;
}

static const struct written *line_at(const struct reading *r, int stream)
{
    return &life.line[stream][r->at[stream]];
}

static void complete(struct reading *r, int stream)
{
    static const unsigned char fates[] = {[PLACE_RETIRED] = FATE_RETIRED,
                                          [PLACE_PROMISED] = FATE_PROMISED,
                                          [PLACE_BEFORE] = FATE_BEFORE,
                                          [PLACE_SHOWN] = FATE_SHOWN,
                                          [PLACE_DELETED] = FATE_DELETED};
    long number = r->at[stream];
    struct written *w = &life.line[stream][number];
    r->at[stream] = -1;
    if (r->place == PLACE_LOOK)
        return;
    if (number <= r->last[stream] && r->place != PLACE_OTHER && !kernel.left)
        life_fails(r->place == PLACE_SHOWN ? "shown twice" : "order", "%c%ld comes after %c%ld",
                   "oe"[stream], number, "oe"[stream], r -> last[stream]);
    r->last[stream] = number;
    if (r->place == PLACE_LOG)
        w->logged++;
    else if (r->place == PLACE_OTHER)
        w->elsewhere++;
    else
        w->fate |= fates[r->place];
}

/* Where splice fails, a kill costs what was being read, within a line, too. */
static bool is_lossy(void)
{
    return kernel.plain && life.kills > 0;
}

bool lines_may_drop(void)
{
    const struct logger_plan *p = life.plan;
    bool limited = p->processor && disk.largest < SIZE_MAX;
    bool troubled = life.was_full || kernel.struck > 0 || limited;
    return life.absent > 0 || (troubled && (p->drops || strcmp(p->mode, "auto") == 0));
}

/* Lines can be incomplete, or begin in the middle: after a crash, in a directory that was given up,
 * and where something is read that grows, or whose beginning is deleted. */
static bool may_be_torn(const struct reading *r)
{
    return life.crashes > 0 || life.deletions > 0 || lines_may_drop() ||
           r->place >= PLACE_PROMISED || kernel.left ||
           (r->place == PLACE_OTHER && life.kills > 0) || is_lossy();
}

void lines_incomplete(struct reading *r, int stream)
{
    if (r->at[stream] < 0)
        return;
    if (!may_be_torn(r))
        life_fails("torn", "%c%ld is not complete", "oe"[stream], r -> at[stream]);
    r->at[stream] = -1;
}

static size_t prefix_length(void)
{
    return life.plan->prefix == NULL ? 0 : strlen(life.plan->prefix) + 1;
}

static bool begins_line(const char *text, size_t length)
{
    return length > 2 && (*text == 'o' || *text == 'e') && text[1] >= '0' && text[1] <= '9';
}

/* Whether it is the beginning of a line that has more. */
static bool is_begun(const char *text, size_t length)
{
    size_t head = prefix_length();
    if (length < head || !begins_line(text + head, length - head))
        return false;
    long number = atol(text + head + 1);
    int stream = text[head] == 'e';
    return number >= life.lines[stream] || life.line[stream][number].length > length - head;
}

/* The stream of a text that has no stamp which says so. Of half a letter the line must be known. */
static int stream_of(const struct reading *r, const char *text, size_t length)
{
    if (*text == WIDE_FIRST)
        return length > 1 ? text[1] == WIDE_LARGE : r->at[0] < 0;
    return begins_line(text, length) ? *text == 'e' : *text >= 'A' && *text <= 'Z';
}

struct text {
    const char *bytes;
    size_t length;
    int stream; /* as its stamp says, -1: it does not */
    char flag;  /* P, F, or NUL: it does not say that either */
};

/* The line has its end here; flag: what the stamp says of that, or NUL. */
static void ends(struct reading *r, int stream, bool whole, char flag)
{
    if (whole && flag != 'P')
        complete(r, stream);
    else if (!whole && flag == 'F' && !may_be_torn(r))
        life_fails("flag", "%c%ld goes on after %zu bytes, and its stamp says that it does not",
                   "oe"[stream], r -> at[stream], r -> length[stream]);
    else if (!whole && flag == 'F')
        r->at[stream] = -1;
}

static void read_text(struct reading *r, const struct text *t)
{
    const char *text = t->bytes, flag = t->flag;
    size_t length = t->length;
    long missing;
    char copy[64];
    bool begins = begins_line(text, length);
    int stream = t->stream >= 0 ? t->stream : stream_of(r, text, length);
    snprintf(copy, sizeof copy, "%.*s", (int)(length < 60 ? length : 60), text);
    if (strncmp(copy, "logger web: ", 12) == 0) {
        if (r->place <= PLACE_RETIRED && r->place != PLACE_OTHER &&
            sscanf(copy, "logger web: warning: %ld lines are missing here", &missing) == 1)
            life.missing += missing;
        return;
    }
    if (begins) {
        lines_incomplete(r, stream);
        r->at[stream] = atol(text + 1);
        r->length[stream] = 0;
        if (r->at[stream] >= life.lines[stream] + (life.begun[stream] > 0))
            life_fails("unknown", "nobody wrote %s", copy);
    }
    if (r->at[stream] < 0) {
        if (!may_be_torn(r))
            life_fails("torn", "this begins no line: %s", copy);
        return;
    }
    const struct written *w = line_at(r, stream);
    size_t from = r->length[stream];
    bool begun = r->at[stream] == life.lines[stream];
    uint32_t at = begun ? (uint32_t)(life.fed[stream].length - life.begun[stream]) : w->at;
    size_t whole = begun ? life.begun[stream] : w->length;
    if (from + length > whole || memcmp(life.fed[stream].at + at + from, text, length) != 0) {
        r->at[stream] = -1;
        if (may_be_torn(r) && (!begins || is_lossy()))
            return; /* between two pieces others are missing */
        life_fails("changed", "%c%ld has other bytes: %s", text[0], atol(text + 1), copy);
    }
    r->length[stream] += length;
    ends(r, stream, r->length[stream] == whole && !begun, flag);
}

/* An empty line ends what its stream has begun. */
static void read_end(struct reading *r, int stream)
{
    if (r->at[stream] < 0 || r->at[stream] >= life.lines[stream])
        return;
    ends(r, stream, r->length[stream] == line_at(r, stream)->length, 'F');
}

static void read_line(struct reading *r, const char *line, size_t length)
{
    const struct logger_plan *p = life.plan;
    bool shown = r->place == PLACE_SHOWN;
    size_t head = shown ? 0 : stamps_length(r->place == PLACE_OTHER ? p->other : p->stamps);
    bool cri = head > 0 && strchr(r->place == PLACE_OTHER ? p->other : p->stamps, 'C') != NULL;
    char flag = cri && length >= head ? line[head - 2] : '\0';
    int stream = !cri ? -1 : length >= head && line[head - 6] == 'e'; /* "stderr F " */
    size_t before = r->place == PLACE_OTHER ? 0 : prefix_length();
    if (!cri ||
        (length >= head + before && before > 0 && memcmp(line + head, p->prefix, before - 1) == 0))
        head += before;
    if (length < head) {
        /* an empty one, where the logger could not see how the last one ended */
        if (!may_be_torn(r) && (length > 0 || kernel.struck == 0))
            life_fails("stamp", "a line has no stamp: %.*s", (int)length, line);
        return;
    }
    const struct text t = {line + head, length - head, stream, flag};
    /* where a full disk has cut it off, within a call, recovery has ended it */
    if (flag == 'P' && length > head && line[length - 1] == WIDE_FIRST && !may_be_torn(r))
        life_fails("letter", "a piece ends within a letter: %.*s", (int)(length - head),
                   line + head);
    if (length > head)
        read_text(r, &t);
    else if (cri) /* an empty one, where a line was ended */
        read_end(r, stream);
}

void lines_read(struct reading *r, const char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        const char *end = memchr(bytes + at, '\n', length - at);
        size_t size = end == NULL ? length - at : (size_t)(end - bytes) - at;
        if (end == NULL && !may_be_torn(r))
            life_fails("torn", "a file does not end with a line end");
        /* logcat ends what its last line has so far */
        bool last = r->place == PLACE_SHOWN && end != NULL && end + 1 == bytes + length;
        if (end != NULL && !(last && is_begun(bytes + at, size)))
            read_line(r, bytes + at, size);
        at += size + 1;
    }
}

/* --- files ------------------------------------------------------------------------------------ */

bool lines_ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length > tail && strcmp(name + length - tail, end) == 0;
}

bool lines_is_archive(const char *name)
{
    return name[0] == '@' && (lines_ends_with(name, ".s") || lines_ends_with(name, ".u") ||
                              lines_ends_with(name, ".s.gz") || lines_ends_with(name, ".u.gz"));
}

bool lines_plain(const struct node *n, struct bytes *to)
{
    const unsigned char *at = (const unsigned char *)n->data.at;
    size_t left = n->data.length;
    unsigned char block[65536];
    if (left < 2 || at[0] != 0x1f || at[1] != 0x8b) {
        bytes_add(to, at, left);
        return true;
    }
    while (left > 0) {
        z_stream z = {.next_in = (unsigned char *)(uintptr_t)at, .avail_in = (unsigned int)left};
        int result = inflateInit2(&z, 31);
        while (result == Z_OK) {
            z.next_out = block;
            z.avail_out = sizeof block;
            result = inflate(&z, Z_NO_FLUSH);
            bytes_add(to, block, sizeof block - z.avail_out);
            if (result == Z_BUF_ERROR || (result == Z_OK && z.avail_in == 0 && z.avail_out > 0))
                break;
        }
        inflateEnd(&z);
        if (result != Z_STREAM_END)
            return false;
        at += left - z.avail_in;
        left = z.avail_in;
    }
    return true;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* The archives of a directory, the oldest first; X is left out where X.gz is. */
size_t lines_list(const struct node *directory, struct name found[NAMES])
{
    size_t count = 0;
    char twin[104];
    for (size_t i = 0; i < disk.names; i++) {
        const struct name *n = &disk.name[i];
        snprintf(twin, sizeof twin, "%s.gz", n->text);
        if (n->directory == directory && lines_is_archive(n->text) && n->node->data.length > 0 &&
            disk_look(directory, twin) == NULL)
            found[count++] = *n;
    }
    qsort(found, count, sizeof *found, compare);
    return count;
}

/* What a processor has made, where what it was made of is gone; NULL: there is none. */
static struct node *output_of(const struct node *directory)
{
    struct node *n = disk_look(directory, "processed");
    return n != NULL && (n->mode & S_IXUSR) != 0 ? n : NULL;
}

void lines_read_directory(struct node *directory, struct reading *r)
{
    static struct name found[NAMES];
    static const char *const last[] = {"previous", "current"};
    size_t count = lines_list(directory, found);
    for (size_t i = 0; i < count + 2; i++) {
        struct bytes plain = {.at = NULL};
        struct node *n = i < count ? found[i].node : disk_look(directory, last[i - count]);
        if (n == NULL && i == count)
            n = output_of(directory);
        if (n != NULL && !lines_plain(n, &plain) && life.crashes == 0)
            life_fails("archive", "file %zu of the log is damaged", i);
        lines_read(r, plain.at, plain.length);
        bytes_free(&plain);
    }
}

/* --- what is synced --------------------------------------------------------------------------- */

void lines_to_sync(void)
{
    static struct name found[NAMES];
    size_t count = life.directory == NULL ? 0 : lines_list(life.directory, found);
    life.to_sync_count = 0;
    for (size_t i = 0; i < count; i++)
        if (!found[i].node->old)
            life.to_sync[life.to_sync_count++] = found[i].node;
    life.struck = kernel.struck;
}

void lines_promise(void)
{
    for (size_t i = 0; i < disk.names; i++) {
        const struct name *n = &disk.name[i];
        struct reading r = READING_OF(PLACE_PROMISED);
        struct bytes plain = {.at = NULL};
        if (n->directory == life.directory && n->node->synced && lines_plain(n->node, &plain))
            lines_read(&r, plain.at, plain.length);
        bytes_free(&plain);
    }
}
