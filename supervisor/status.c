#include "supervisor/status.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char magic[4] = {'O', 'V', 'L', 'S'};

enum { REPLACED = 1 };
enum { WANTED = 1, READY = 2, OOM = 4, CORE = 8 };
enum { LONGEST = 4096 /* of names and directories, with the NUL */ };

/* All in the byte order of the machine. */
struct header {
    char magic[4];
    uint16_t version;
    uint16_t record_size;
    uint32_t count;
    uint32_t flags;
    uint64_t digest;
    uint64_t changes;
    int64_t began;
    int32_t pid, cmd;
    uint32_t stage;
    uint32_t names; /* bytes of them */
    uint32_t generation;
    uint32_t zero;
    char release[32];
};

struct record {
    uint8_t type, state, flags, zero;
    int32_t pid, starts, code, signal;
    uint32_t name, log, why; /* places in the file of texts that end with NUL; 0: none */
    uint64_t zeros;
    int64_t since, ready_at, died_at;
};

static_assert(sizeof(struct header) == STATUS_HEADER, "as documented");
static_assert(sizeof(struct record) == STATUS_RECORD, "as documented");
static_assert(offsetof(struct header, digest) == 16 && offsetof(struct header, release) == 64 &&
                  offsetof(struct record, since) == 40,
              "as documented");

const char *const status_stages[STATUS_STAGES] = {"hook", "starting", "running", "stopping"};
const char *const status_types[STATUS_TYPES] = {"longrun", "oneshot"};
const char *const status_states[SERVICE_IS_STATES] = {"down",     "waiting",   "starting", "up",
                                                      "stopping", "finishing", "failed"};

static size_t record_at(uint32_t index)
{
    return STATUS_HEADER + (size_t)index * STATUS_RECORD;
}

static struct header header_of(const char *bytes)
{
    struct header h;
    memcpy(&h, bytes, sizeof h);
    return h;
}

static struct record record_of(const char *bytes, uint32_t index)
{
    struct record r;
    memcpy(&r, bytes + record_at(index), sizeof r);
    return r;
}

/* --- the digest -------------------------------------------------------------------------------
 * The sum of a hash for the header, each record with its why, and the names, so that a change of
 * one is a matter of that one. FNV-1a, 64 bits. */

static uint64_t hash(uint64_t h, const void *bytes, size_t length)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < length; i++)
        h = (h ^ p[i]) * 0x100000001b3U;
    return h;
}

static uint64_t seed(uint64_t part)
{
    return hash(0xcbf29ce484222325U, &part, sizeof part);
}

static uint64_t hash_header(const struct header *h)
{
    struct header bare = *h;
    bare.digest = 0;
    return hash(seed(UINT64_MAX), &bare, sizeof bare);
}

/* The length of a text that lies wholly in the file; -1: there is none. */
static long text_length(const char *bytes, size_t length, uint32_t at, size_t most)
{
    if (at >= length)
        return -1;
    size_t left = length - at < most ? length - at : most;
    const char *end = memchr(bytes + at, '\0', left);
    return end == NULL ? -1 : (long)(end - (bytes + at));
}

static uint64_t hash_record(const char *bytes, size_t length, uint32_t index)
{
    struct record r = record_of(bytes, index);
    uint64_t h = hash(seed(index), &r, sizeof r);
    long n = r.why == 0 ? -1 : text_length(bytes, length, r.why, STATUS_WHY);
    return n < 0 ? h : hash(h, bytes + r.why, (size_t)n);
}

/* Of a damaged file it may be more than a size_t of 32 bits can say. */
static uint64_t names_end(const struct header *h)
{
    return STATUS_HEADER + (uint64_t)h->count * STATUS_RECORD + h->names;
}

uint64_t status_digest(const char *bytes, size_t length)
{
    if (length < STATUS_HEADER)
        return 0;
    struct header h = header_of(bytes);
    uint64_t sum = hash_header(&h);
    if (names_end(&h) > length)
        return sum;
    for (uint32_t i = 0; i < h.count; i++)
        sum += hash_record(bytes, length, i);
    return sum + hash(seed(UINT64_MAX - 1), bytes + record_at(h.count), h.names);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void put_record(struct record *r, const struct status_service *s)
{
    r->type = (uint8_t)s->type;
    r->state = (uint8_t)s->state;
    r->flags = (uint8_t)((s->wanted ? WANTED : 0) | (s->ready ? READY : 0) | (s->oom ? OOM : 0) |
                         (s->core ? CORE : 0));
    r->pid = s->pid;
    r->starts = s->starts;
    r->code = s->code;
    r->signal = s->signal;
    r->since = s->since;
    r->ready_at = s->ready_at;
    r->died_at = s->died_at;
}

static void put_header(struct header *h, const struct status_container *c)
{
    h->flags = c->replaced ? REPLACED : 0;
    h->stage = (uint32_t)c->stage;
    h->pid = c->pid;
    h->cmd = c->cmd;
    h->began = c->began;
    h->generation = c->generation;
    memset(h->release, 0, sizeof h->release);
    strncpy(h->release, c->release, sizeof h->release - 1);
}

static uint32_t put_text(char *bytes, size_t *end, const char *text)
{
    uint32_t at = (uint32_t)*end;
    size_t size = strlen(text) + 1;
    memcpy(bytes + at, text, size);
    *end += size;
    return at;
}

int status_image_make(struct status_image *m, const struct status_container *c,
                      const struct status_service *s, uint32_t count)
{
    size_t names = 0;
    *m = (struct status_image){.bytes = NULL};
    for (uint32_t i = 0; i < count; i++)
        names += strlen(s[i].name) + 1 + (s[i].log == NULL ? 0 : strlen(s[i].log) + 1);
    size_t end = record_at(count), size = end + names;
    if (size > INT32_MAX || (m->bytes = calloc(1, size)) == NULL)
        return -1;
    m->size = size;
    struct header h = {.version = STATUS_VERSION,
                       .record_size = STATUS_RECORD,
                       .count = count,
                       .names = (uint32_t)names};
    memcpy(h.magic, magic, sizeof magic);
    put_header(&h, c);
    for (uint32_t i = 0; i < count; i++) {
        struct record r = {.name = put_text(m->bytes, &end, s[i].name)};
        if (s[i].log != NULL)
            r.log = put_text(m->bytes, &end, s[i].log);
        put_record(&r, &s[i]);
        memcpy(m->bytes + record_at(i), &r, sizeof r);
    }
    memcpy(m->bytes, &h, sizeof h);
    h.digest = status_digest(m->bytes, m->size);
    memcpy(m->bytes, &h, sizeof h);
    for (uint32_t i = 0; i < count; i++)
        if (s[i].why != NULL && status_image_set(m, i, &s[i]) < 0) {
            status_image_release(m);
            return -1;
        }
    return 0;
}

void status_image_release(struct status_image *m)
{
    free(m->bytes);
    *m = (struct status_image){.bytes = NULL};
}

/* Each record that ever has something to say gets room for it at the end, once. */
static int make_room(struct status_image *m, struct record *r)
{
    char *bytes = m->size > INT32_MAX ? NULL : realloc(m->bytes, m->size + STATUS_WHY);
    if (bytes == NULL)
        return -1;
    memset(bytes + m->size, 0, STATUS_WHY);
    r->why = (uint32_t)m->size;
    m->bytes = bytes;
    m->size += STATUS_WHY;
    return 0;
}

int status_image_set(struct status_image *m, uint32_t index, const struct status_service *s)
{
    char why[STATUS_WHY] = "";
    struct record before = record_of(m->bytes, index), r = before;
    uint64_t old = hash_record(m->bytes, m->size, index);
    int result = 0;
    put_record(&r, s);
    if (s->why != NULL)
        strncpy(why, s->why, sizeof why - 1);
    if (why[0] != '\0' && r.why == 0)
        result = make_room(m, &r);
    bool same = r.why == 0 || memcmp(m->bytes + r.why, why, sizeof why) == 0;
    if (same && memcmp(&r, &before, sizeof r) == 0)
        return result;
    memcpy(m->bytes + record_at(index), &r, sizeof r);
    if (r.why != 0)
        memcpy(m->bytes + r.why, why, sizeof why);
    struct header h = header_of(m->bytes);
    uint64_t others = h.digest - hash_header(&h) - old;
    h.changes++;
    h.digest = others + hash_header(&h) + hash_record(m->bytes, m->size, index);
    memcpy(m->bytes, &h, sizeof h);
    return result < 0 ? -1 : 1;
}

int status_image_head(struct status_image *m, const struct status_container *c)
{
    struct header before = header_of(m->bytes), h = before;
    put_header(&h, c);
    if (memcmp(&h, &before, sizeof h) == 0)
        return 0;
    h.changes++;
    h.digest = h.digest - hash_header(&before) + hash_header(&h);
    memcpy(m->bytes, &h, sizeof h);
    return 1;
}

void status_image_find(const struct status_image *m, uint32_t index, size_t at[2], size_t length[2])
{
    at[0] = record_at(index);
    length[0] = STATUS_RECORD;
    at[1] = record_of(m->bytes, index).why;
    length[1] = at[1] == 0 ? 0 : STATUS_WHY;
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool is_record(const char *bytes, size_t length, uint32_t index)
{
    struct record r = record_of(bytes, index);
    struct header h = header_of(bytes);
    size_t end = (size_t)names_end(&h); /* which is in the file */
    return r.type < STATUS_TYPES && r.state < SERVICE_IS_STATES && r.name >= record_at(h.count) &&
           text_length(bytes, end, r.name, LONGEST) > 0 &&
           (r.log == 0 ||
            (r.log >= record_at(h.count) && text_length(bytes, end, r.log, LONGEST) >= 0)) &&
           (r.why == 0 || (r.why >= end && text_length(bytes, length, r.why, STATUS_WHY) >= 0));
}

enum status_verdict status_check(const char *bytes, size_t length, struct error *e)
{
    struct header h;
    const char *wrong = NULL;
    if (length < STATUS_HEADER)
        wrong = "is too short";
    else if (memcmp(bytes, magic, sizeof magic) != 0)
        wrong = "is no status file";
    if (wrong == NULL) {
        h = header_of(bytes);
        if (h.version != STATUS_VERSION || h.record_size != STATUS_RECORD)
            wrong = "is of another version of this program";
        else if (names_end(&h) > length)
            wrong = "is too short";
        else if (status_digest(bytes, length) != h.digest)
            return STATUS_TORN;
        else if (h.stage >= STATUS_STAGES || h.release[sizeof h.release - 1] != '\0')
            wrong = "is damaged";
    }
    for (uint32_t i = 0; wrong == NULL && i < h.count; i++)
        if (!is_record(bytes, length, i))
            wrong = "is damaged";
    if (wrong == NULL)
        return STATUS_GOOD;
    error_set(e, EXIT_SYSTEM, "the status file %s", wrong);
    return STATUS_BAD;
}

uint32_t status_count(const char *bytes)
{
    return header_of(bytes).count;
}

void status_container(const char *bytes, struct status_container *c)
{
    struct header h = header_of(bytes);
    *c = (struct status_container){.release = bytes + offsetof(struct header, release),
                                   .stage = (enum status_stage)h.stage,
                                   .pid = h.pid,
                                   .cmd = h.cmd,
                                   .began = h.began,
                                   .generation = h.generation,
                                   .replaced = (h.flags & REPLACED) != 0};
}

void status_service(const char *bytes, uint32_t index, struct status_service *s)
{
    struct record r = record_of(bytes, index);
    *s = (struct status_service){.name = bytes + r.name,
                                 .log = r.log == 0 ? NULL : bytes + r.log,
                                 .why = r.why == 0 || bytes[r.why] == '\0' ? NULL : bytes + r.why,
                                 .type = (enum status_type)r.type,
                                 .state = (enum status_state)r.state,
                                 .wanted = (r.flags & WANTED) != 0,
                                 .ready = (r.flags & READY) != 0,
                                 .oom = (r.flags & OOM) != 0,
                                 .core = (r.flags & CORE) != 0,
                                 .pid = r.pid,
                                 .starts = r.starts,
                                 .code = r.code,
                                 .signal = r.signal,
                                 .since = r.since,
                                 .ready_at = r.ready_at,
                                 .died_at = r.died_at};
}
