/* Finds the place where a reader begins that wants only the end. */
#include "rotate/read/reading.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

struct survey {
    struct archive *list;
    long count;
    struct logfile previous, current;
};

static void survey_release(struct survey *s)
{
    free(s->list);
    logfile_close(&s->previous);
    logfile_close(&s->current);
    *s = (struct survey){.previous = LOGFILE_INIT, .current = LOGFILE_INIT};
}

/* Whether an archive or a previous has appeared that is neither listed nor opened. */
static bool has_changed(const struct reader *r, const struct survey *s)
{
    struct archive *list;
    struct stat st;
    bool changed = false;
    long count = archive_list(r->directory, &list);
    if (count > 0) {
        const struct archive *newest = &list[count - 1];
        changed =
            (s->count == 0 || reader_is_after(newest, &s->list[s->count - 1])) &&
            !(reader_look_at(r, newest->name, &st) == 0 && reader_same_file(&s->current, &st));
    }
    free(list);
    return changed || reader_has_previous(r, &s->previous);
}

/* Lists and opens the files as they were at one moment. 0, or -1 with e. */
static int survey(const struct reader *r, struct survey *s, struct error *e)
{
    for (int i = 0; i < TRIES; i++) {
        survey_release(s);
        s->count = archive_list_whole(r->directory, &s->list);
        if (s->count < 0) {
            s->count = 0;
            return error_system(e, "unable to list %s", r->path);
        }
        /* Files that are absent or unreadable are left to reader_read. */
        reader_open_previous(r, &s->previous);
        logfile_open(&s->current, r->directory, "current", false);
        if (!has_changed(r, s))
            break;
    }
    return 0;
}

static void take(struct reader *r, struct logfile *f, enum place place, const char *name)
{
    reader_start(r, f, place, name);
    *f = LOGFILE_INIT;
}

/* Goes back over the archives until that many lines follow. Starts the archive in which they begin;
 * without one, reader_read begins with the oldest. */
static void back_over_archives(struct reader *r, const struct survey *s, unsigned long long lines)
{
    r->any_done = false;
    for (long i = s->count - 1; i >= 0; i--) {
        const struct archive *a = &s->list[i];
        struct logfile f;
        if (reader_open_archive(r, a, &f) < 0) {
            if (errno == ENOENT) { /* retention deleted it and all older ones */
                reader_pass(r, a);
                return;
            }
            continue;
        }
        if (logfile_back(&f, &lines) == 0 && lines == 0) {
            r->at = *a;
            if (i > 0)
                reader_pass(r, &s->list[i - 1]);
            reader_start(r, &f, PLACE_ARCHIVE, a->name);
            return;
        }
        logfile_close(&f);
    }
}

int reader_begin_near_end(struct reader *r, enum reader_from from, unsigned long long lines,
                          struct error *e)
{
    struct survey s = {.previous = LOGFILE_INIT, .current = LOGFILE_INIT};
    struct stat st;
    if (survey(r, &s, e) < 0) {
        survey_release(&s);
        return -1;
    }
    if (s.count > 0)
        reader_pass(r, &s.list[s.count - 1]);
    r->processing = s.previous.fd >= 0;
    if (s.current.fd >= 0 && lines > 0)
        logfile_back(&s.current, &lines);
    else if (from != READER_CURRENT && s.current.fd >= 0 && fstat(s.current.fd, &st) == 0)
        s.current.offset = st.st_size;
    if (lines > 0 && s.previous.fd >= 0)
        logfile_back(&s.previous, &lines);
    else
        r->owed = s.previous.fd >= 0;
    if (lines > 0)
        back_over_archives(r, &s, lines);
    else if (s.previous.fd >= 0 && !r->owed)
        take(r, &s.previous, PLACE_PREVIOUS, "previous");
    else if (s.current.fd >= 0)
        take(r, &s.current, PLACE_CURRENT, "current");
    survey_release(&s);
    return 0;
}
