/* What must hold of a log: when a file of it is deleted, when logcat has shown it, in the end. */
#include "base/clock.h"
#include "tests/simulation/logs/logger_life.h"
#include <stdio.h>
#include <string.h>

enum { ARCHIVE_NAME = 27 /* bytes, with .s */ };

/* --- what is deleted -------------------------------------------------------------------------- */

/* Whether another file has the bytes of one that is deleted: its compression, which may have more
 * of it where a crash has torn it; or, of what a processor reads and writes, the other one. */
static bool is_kept(const struct node *directory, const struct node *n, const char *name)
{
    bool kept = false;
    struct bytes own = {.at = NULL};
    bool whole = lines_plain(n, &own);
    for (size_t i = 0; i < disk.names && !kept; i++) {
        const char *text = disk.name[i].text;
        struct bytes other = {.at = NULL};
        bool twin = strncmp(text, name, ARCHIVE_NAME) == 0;
        bool related = twin || !lines_is_archive(text) || !lines_is_archive(name);
        if (disk.name[i].directory == directory && disk.name[i].node != n && related &&
            disk.name[i].node->kind == NODE_FILE && !lines_ends_with(text, ".new") &&
            lines_plain(disk.name[i].node, &other))
            kept = (other.length == own.length ||
                    ((twin || life.crashes > 0) && other.length > own.length)) &&
                   (!whole || own.length == 0 || memcmp(other.at, own.at, own.length) == 0);
        bytes_free(&other);
    }
    bytes_free(&own);
    return kept;
}

static void check_retention(const struct node *directory, const struct node *n, const char *name)
{
    static struct name found[NAMES];
    const struct logger_plan *p = life.plan;
    size_t count = lines_list(directory, found);
    struct bytes own = {.at = NULL};
    lines_plain(n, &own);
    unsigned long long total = own.length;
    bytes_free(&own);
    unsigned long keep = directory == life.directory ? p->keep : 1000;
    for (size_t i = 0; i < count; i++) { /* as before a compression that has just come */
        struct bytes plain = {.at = NULL};
        lines_plain(found[i].node, &plain);
        total += plain.length;
        bytes_free(&plain);
    }
    for (size_t i = 0; i < count; i++)
        if (strncmp(found[i].text, name, ARCHIVE_NAME) < 0 && kernel.struck == 0 &&
            !lines_ends_with(found[i].text, ".gz"))
            life_fails("retention", "%s is deleted before the older %s", name, found[i].text);
    if (kernel.current != NULL && kernel.current == life.vacuum)
        return;
    bool by_total = directory == life.directory && p->total > 0 && total > p->total;
    if (count + 1 <= keep && !kernel.left && !by_total &&
        !(p->age > 0 && directory == life.directory) && !life.was_full)
        life_fails("retention", "%s is deleted and %zu are left", name, count);
}

/* They need not be there any more, and may come again if they were not settled. */
void lines_deleted(struct node *file)
{
    struct reading r = READING_OF(PLACE_DELETED);
    struct bytes plain = {.at = NULL};
    if (file == NULL) {
        lines_read_directory(life.directory, &r);
        return;
    }
    lines_plain(file, &plain);
    lines_read(&r, plain.at, plain.length);
    bytes_free(&plain);
}

void lines_forgotten(struct node *directory, struct node *n, const char *name)
{
    struct bytes plain = {.at = NULL};
    if (life.deletes)
        return;
    life_find();
    vacuum_meets(n, name);
    bool own = directory == life.directory;
    if ((!own && directory != life.other) || directory == NULL || lines_ends_with(name, ".new") ||
        strcmp(name, "lock") == 0 || strcmp(name, "pipes") == 0 || strcmp(name, "state") == 0 ||
        strcmp(name, "newstate") == 0)
        return;
    if (is_kept(directory, n, name) ||
        (strcmp(name, "processed") == 0 && disk_look(directory, "previous") != NULL))
        return;
    if (!lines_is_archive(name))
        life_fails("deleted", "%s is deleted, and nothing else has its lines", name);
    if (own && strncmp(name, life.newest, ARCHIVE_NAME) == 0)
        return; /* its helper has put it back */
    check_retention(directory, n, name);
    life_story("    %s is deleted", name);
    life.deleted++;
    if (!lines_plain(n, &plain) && life.crashes == 0)
        life_fails("archive", "%s is damaged", name);
    struct reading alone = READING_OF(PLACE_RETIRED);
    kernel.left |= own && strcmp(name, life.newest) < 0;
    snprintf(life.newest, sizeof life.newest, "%s", name);
    if (own && kernel.left)
        lines_read(&alone, plain.at, plain.length); /* others were to be deleted before it */
    else if (own)
        lines_read(&life.retired, plain.at, plain.length);
    else
        lines_read(&life.retired_other, plain.at, plain.length);
    bytes_free(&plain);
}

/* --- logcat ----------------------------------------------------------------------------------- */

static void clear(unsigned char fates)
{
    for (int stream = 0; stream < STREAMS; stream++)
        for (long i = 0; i < life.lines[stream]; i++)
            life.line[stream][i].fate &= (unsigned char)~fates;
}

void lines_reader_begins(void)
{
    struct reading r = READING_OF(PLACE_BEFORE);
    clear(FATE_BEFORE | FATE_SHOWN);
    life.output.length = 0;
    life.deleted = 0;
    if (life.directory != NULL)
        lines_read_directory(life.directory, &r);
}

void lines_reader_ends(void)
{
    struct reading r = READING_OF(PLACE_SHOWN);
    const struct bytes *o = &life.output;
    if (life.crashes > 0 || life.deletions > 0 || lines_may_drop() ||
        (life.plan->prefix != NULL && life.plan->long_lines &&
         strchr(life.plan->stamps, 'C') == NULL))
        return; /* pieces have prefixes of their own */
    lines_read(&r, o->at, o->length);
    for (int stream = 0; stream < STREAMS; stream++) {
        for (long i = 0; i < life.lines[stream]; i++) {
            unsigned char fate = life.line[stream][i].fate;
            if ((fate & (FATE_BEFORE | FATE_SHOWN | FATE_RETIRED)) == FATE_BEFORE &&
                life.retired.at[stream] != i) /* its beginning is deleted */
                life_fails("not shown", "logcat does not show %c%ld, which was there when it began",
                           "oe"[stream], i);
        }
    }
}

void lines_look(int64_t ns)
{
    static const int64_t enough = 2 * CLOCK_SECOND, enough_after_all = 80 * CLOCK_SECOND;
    bool calm = life.kills + life.hups + life.boots + life.crashes == 0;
    struct reading r = life.retired;
    r.place = PLACE_LOOK;
    if (ns < (calm ? enough : enough_after_all) || life.logger == NULL || life.directory == NULL ||
        kernel.struck > 0 || life.plan->vacuums || life.plan->keep < 20 || life.plan->processor ||
        life.plan->total > 0 || life.plan->age > 0 || life.was_full || life.absent > 0 ||
        life.plan->other != NULL || strchr(life.plan->stamps, 'C') == NULL || life.deletions > 0)
        return;
    lines_read_directory(life.directory, &r);
    for (int stream = 0; stream < STREAMS; stream++) {
        size_t begun = life.begun[stream];
        if (begun > 0 && (r.at[stream] != life.lines[stream] || r.length[stream] + 1 < begun))
            life_fails("visible",
                       "%zu bytes of %c%ld have stood for %lld s, and %zu are in the log", begun,
                       "oe"[stream], life.lines[stream], (long long)(ns / CLOCK_SECOND),
                       r.at[stream] == life.lines[stream] ? r.length[stream] : 0);
    }
}

/* --- the end ---------------------------------------------------------------------------------- */

static void check_line(int stream, long number, long *missing)
{
    const struct written *w = &life.line[stream][number];
    const struct logger_plan *p = life.plan;
    bool elsewhere = p->other != NULL && number % 10 == 7;
    bool retired = (w->fate & FATE_RETIRED) != 0;
    bool drops = lines_may_drop();
    if (elsewhere && w->elsewhere == 0 && !drops && life.crashes == 0)
        life_fails("lost", "%c%ld is not in the script's directory", "oe"[stream], number);
    if (elsewhere && p->rest) {
        if (w->logged > 0)
            life_fails("selection", "%c%ld is in both directories", "oe"[stream], number);
        return;
    }
    if (w->logged > 1 || (w->logged == 1 && retired && life.crashes == 0))
        life_fails("twice", "%c%ld is logged twice", "oe"[stream], number);
    if (w->logged == 1 || retired)
        return;
    if ((w->fate & (FATE_PROMISED | FATE_DELETED)) == FATE_PROMISED && !w->pieces)
        life_fails("synced", "%c%ld was synced, and is gone", "oe"[stream], number);
    if ((w->fate & (FATE_BEFORE_CRASH | FATE_DELETED)) != 0 ||
        ((kernel.left || life.deletions > 0) && w->pieces))
        return;
    if (kernel.plain && life.kills > 0)
        return; /* where splice fails, a kill costs what was being read */
    ++*missing;
    if (!drops)
        life_fails("lost", "%c%ld is lost, of %u bytes", "oe"[stream], number, w -> length);
    if ((strcmp(p->mode, "2") != 0) && !console_has(stream, w))
        life_fails("lost", "%c%ld is neither logged nor shown", "oe"[stream], number);
}

static void check_names(void)
{
    static const char *const known[] = {"current",  "lock",     "state", "processed",
                                        "previous", "newstate", "follow"};
    for (size_t i = 0; i < disk.names; i++) {
        const char *name = disk.name[i].text;
        bool is_known = lines_is_archive(name);
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            is_known |= strcmp(name, known[k]) == 0;
        is_known |= lines_ends_with(name, ".new") && (kernel.left || life.kills > 0);
        if (disk.name[i].directory == life.directory && !is_known)
            life_fails("stranger", "%s is left in the log directory", name);
    }
}

/* Second names, with F: each plain file that has lines has one, but for what a processor made; and
 * there are no others. */
static void check_second_names(void)
{
    const struct node *second = disk_look(life.directory, "follow");
    size_t names = 0, files = 0;
    for (size_t i = 0; i < disk.names; i++) {
        const struct name *n = &disk.name[i];
        bool written = strcmp(n->text, "current") == 0 || strcmp(n->text, "previous") == 0;
        bool plain = written || (lines_is_archive(n->text) && !lines_ends_with(n->text, ".gz"));
        if (n->directory == second && second != NULL && n->node->names < 2 && life.kills == 0)
            life_fails("second name", "%s is left over", n->text);
        names += second != NULL && n->directory == second && n->node->names == 2;
        files += n->directory == life.directory && plain && n->node->names > 1;
        if (n->directory == life.directory && (written || (plain && !life.plan->processor)) &&
            n->node->names < 2 && kernel.struck == 0)
            life_fails("second name", "%s has none", n->text);
    }
    if (names != files)
        life_fails("second name", "%zu files have %zu", files, names);
}

void lines_check(void)
{
    long missing = 0;
    struct reading r = life.retired, other = life.retired_other;
    for (int stream = 0; stream < STREAMS && life.crashes > 0; stream++)
        r.last[stream] = -1;
    r.place = PLACE_LOG;
    other.place = PLACE_OTHER;
    if (life.directory != NULL)
        lines_read_directory(life.directory, &r);
    if (life.other != NULL)
        lines_read_directory(life.other, &other);
    for (int stream = 0; stream < STREAMS; stream++) {
        lines_incomplete(&r, stream);
        for (long i = 0; i < life.lines[stream]; i++)
            check_line(stream, i, &missing);
    }
    if (life.kills + life.hups + life.crashes + life.boots + life.deletions == 0 &&
        missing != life.missing)
        life_fails("counted", "%ld lines are missing, and the log says %ld", missing, life.missing);
    if (life.kills + life.crashes == 0 && strcmp(life.plan->mode, "2") != 0)
        console_check();
    if (life.absent == 0)
        check_names();
    if (life.absent == 0 && life.plan->follows && !disk.no_links && life.directory != NULL &&
        life.crashes == 0)
        check_second_names();
}
