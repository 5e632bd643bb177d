#include "base/message.h"
#include "logcat/order.h"
#include "logcat/pool.h"
#include "logcat/source_inside.h"
#include "rotate/archive.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUFFER_FIRST = 1 << 17, /* a member of an archive is inflated there, while there is room */
};

struct source *source_new(const char *name, const char *path)
{
    struct source *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->name = strdup(name);
    s->path = strdup(path);
    s->used = -1;
    if (!s->name || !s->path) {
        source_free(s);
        return NULL;
    }
    return s;
}

void source_free(struct source *s)
{
    if (!s)
        return;
    source_close(s);
    for (int i = 0; i < SOURCE_STREAMS; i++)
        str_release(&s->pieces[i].text);
    words_release(&s->said);
    free(s->lowest);
    free(s->survey.archive);
    free(s->survey.block);
    free(s->data);
    free(s->name);
    free(s->path);
    free(s);
}

void source_say(struct source *s, const char *text)
{
    s->broken = true;
    if (words_has(&s->said, text))
        return;
    bool refused = geteuid() != 0 && strstr(text, strerror(EACCES));
    message_warning("%s%s", text,
                    refused ? ": run this as root, or as a user who may read the directory" : "");
    words_add(&s->said, text);
}

void source_close(struct source *s)
{
    pool_remove(s);
    if (s->reader)
        reader_close(s->reader);
    s->reader = NULL;
    s->begin = s->scanned = s->end = 0;
    for (int i = 0; i < SOURCE_STREAMS; i++)
        str_clear(&s->pieces[i].text);
    s->used = -1;
    s->torn = 0;
    s->dirty = false;
}

/* Forgets the entries read so far. The bytes that were kept will be cut into entries again. */
void source_begin_again(struct source *s)
{
    for (int i = 0; i < SOURCE_STREAMS; i++)
        str_clear(&s->pieces[i].text);
    s->used = -1;
    s->torn = 0;
    s->begin = s->scanned = 0;
    s->holed = false;
    s->lines = 0;
    s->met = 0;
    s->any = s->any_order = s->any_wanted = s->stamps = s->past = false;
    trace_reset(&s->trace);
}

int source_open(struct source *s, enum reader_from from, unsigned long long lines, struct error *e)
{
    const struct reader_skip skip = {.archive = order_skip_archive,
                                     .whole = order_skip_whole,
                                     .member = order_skip_member,
                                     .block = order_skip_block,
                                     .device = s->survey.device,
                                     .inode = s->survey.inode,
                                     .context = s,
                                     .since = s->since};
    struct stat st;
    source_close(s);
    source_begin_again(s);
    s->gone = false;
    s->kept = true;
    if (!s->data) {
        s->data = malloc(BUFFER_FIRST);
        if (!s->data)
            return error_system(e, "unable to read %s", s->path);
        s->capacity = BUFFER_FIRST;
    }
    pool_make_room();
    if (reader_open(&s->reader, s->path, from, lines, from == READER_ALL ? &skip : NULL, e) < 0) {
        s->reader = NULL;
        return -1;
    }
    pool_add(s);
    if (fstat(reader_directory(s->reader), &st) == 0) {
        s->device = st.st_dev;
        s->inode = st.st_ino;
    }
    s->dirty = true;
    return 0;
}
