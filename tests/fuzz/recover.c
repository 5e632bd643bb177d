/* The recovery scan: a log directory in any state, as made from the input, is opened, used, left
 * and opened again. Every line has its number, and none is lost or doubled but where the start-up
 * table says so.
 *
 * Input: a byte of settings, a byte with the number of files; two or three bytes for each; then one
 * byte for each thing that is done with the directory. */
#include "rotate/archive.h"
#include "rotate/logdir.h"
#include "rotate/steps.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/rotate/member.h"
#include <dirent.h>
#include <stdbool.h>

enum { LINES_MAX = 64, FILES_MAX = 12, DEEDS_MAX = 12, LINE_SIZE = 5 /* "<00>\n" */ };

#define EARLY "@400000006b0448090f08d3c9"
#define LATE "@400000006b0548090f08d3c9"
#define FUTURE "@40000000ffffffff00000000"
#define LAST "@7fffffffffffffff3b9ac9ff"

static const char *const names[] = {
    "current",     "previous",    "processed",       "state",   "newstate", "lock",      EARLY ".s",
    EARLY ".u",    EARLY ".s.gz", EARLY ".s.gz.new", LATE ".s", LATE ".u",  FUTURE ".u", LAST ".s",
    "current.new", "other"};

enum {
    CURRENT,
    PREVIOUS,
    PROCESSED,
    STATE,
    NEWSTATE,
    LOCK,
    TWIN = 6,
    TWIN_GZ = 8,
    HALF_GZ = 9,
    OTHER = 15
};
enum { NAMES = sizeof names / sizeof names[0] };
enum kind { FILE_KIND, FOLDER, LINK, HARD_LINK };

struct world {
    int directory;
    struct logdir d;
    bool open;
    struct logdir_settings settings;
    int least[LINES_MAX]; /* how often that line must be there at the end */
    int most[LINES_MAX];
    int lines;
    struct {
        bool there, marked, linked;
        enum kind kind;
        int from, to; /* its lines */
    } file[NAMES];
};

/* The helper is a child: what it does is done by deeds here. */
void __wrap_helper_start(struct logdir *d);
void __wrap_helper_start(struct logdir *d)
{
    (void)d;
}

/* Text with the next lines, so many; the last without newline when cut. */
static size_t new_lines(struct world *w, char *text, int count, bool cut)
{
    size_t length = 0;
    for (; count > 0 && w->lines < LINES_MAX; count--) {
        length += (size_t)sprintf(text + length, "<%02d>\n", w->lines);
        w->least[w->lines] = w->most[w->lines] = 1;
        w->lines++;
    }
    return length - (cut && length > 0);
}

/* --- making the directory --- */

/* Cut off: so many bytes at its end. */
static void write_gz(struct world *w, const char *name, const char *text, size_t length, size_t cut)
{
    static unsigned char member[BGZF_MEMBER_MAX + sizeof bgzf_end];
    struct error e = ERROR_INIT;
    long n = length > 0 ? member_make(text, length, 6, NULL, member) : 0;
    MUST(n >= 0);
    memcpy(member + n, bgzf_end, sizeof bgzf_end);
    size_t size = (size_t)n + sizeof bgzf_end;
    MUST(file_write(w->directory, name, member, size - (cut < size ? cut : size), 0744, &e) == 0);
}

static void make_regular(struct world *w, size_t which, uint8_t how)
{
    char text[3 * LINE_SIZE + 1];
    struct error e = ERROR_INIT;
    int from = w->lines;
    size_t length = new_lines(w, text, how >> 4 & 3, (how & 0x40) != 0);
    w->file[which].from = from;
    w->file[which].to = w->lines;
    w->file[which].marked = (how & 8) != 0;
    if (which == TWIN_GZ && w->file[TWIN].there && w->file[TWIN].kind == FILE_KIND) {
        struct str copy = STR_INIT;
        w->lines = from;
        w->file[which].from = w->file[TWIN].from;
        w->file[which].to = w->file[TWIN].to;
        MUST(file_read(w->directory, names[TWIN], 1000, &copy, &e) == 0);
        write_gz(w, names[which], copy.data == NULL ? "" : copy.data, copy.length, how & 0x78);
        str_release(&copy);
    } else if (which == TWIN_GZ) {
        write_gz(w, names[which], text, length, 0);
    } else {
        mode_t mode = (how & 8) != 0 ? 0744 : 0644;
        MUST(file_write(w->directory, names[which], text, length, mode, &e) == 0);
    }
}

static bool is_archive(size_t which)
{
    return which >= TWIN && which <= 13 && which != HALF_GZ;
}

static void make_file(struct world *w, size_t which, uint8_t how, uint8_t other)
{
    enum kind kind = how & 4 ? (how & 3) : FILE_KIND;
    if (w->file[which].there || (which == TWIN && w->file[TWIN_GZ].there))
        return;
    if (kind == FOLDER) {
        MUST(mkdirat(w->directory, names[which], 0700) == 0);
    } else if (kind == LINK) {
        MUST(symlinkat(names[other % NAMES], w->directory, names[which]) == 0);
    } else if (kind == HARD_LINK) {
        size_t to = other % NAMES;
        if (!w->file[to].there || w->file[to].kind != FILE_KIND || to == TWIN_GZ ||
            which == TWIN_GZ)
            return;
        MUST(linkat(w->directory, names[to], w->directory, names[which], 0) == 0);
        w->file[which] = w->file[to];
        w->file[to].linked = w->file[which].linked = true;
        kind = FILE_KIND;
    } else {
        make_regular(w, which, how);
    }
    w->file[which].there = true;
    w->file[which].kind = kind;
}

static void expect(struct world *w, size_t which, int least, int most)
{
    if (!w->file[which].there || w->file[which].kind != FILE_KIND)
        return;
    for (int i = w->file[which].from; i < w->file[which].to; i++) {
        if (least < w->least[i])
            w->least[i] = least;
        if (most > w->most[i])
            w->most[i] = most;
    }
}

static bool has_twin(const struct world *w, size_t which)
{
    return which == TWIN && w->file[TWIN_GZ].there && w->file[TWIN_GZ].kind == FILE_KIND;
}

/* The two names that a rotation by links leaves when it is cut short. All other links are
 * somebody's doing: what is removed under one of their names is kept under the others. */
static bool is_cut_short(const struct world *w, size_t which)
{
    int archives = 0, others = 0, names_too_many = -2;
    for (size_t i = 0; i < NAMES; i++) {
        if (!w->file[i].linked || w->file[i].from != w->file[which].from)
            continue;
        names_too_many++;
        archives += is_archive(i) && !has_twin(w, i);
        others += i <= PROCESSED;
    }
    return names_too_many == 0 && archives == 1 && others == 1;
}

/* What the start-up table may remove. */
static void lower_expectations(struct world *w)
{
    /* Where the lock can be executed every file can: then a mark proves nothing while previous has
     * the lines. An output without a mark is dropped, as s6-log drops it. */
    bool modeless = w->file[LOCK].there && w->file[LOCK].kind == FILE_KIND && w->file[LOCK].marked;
    bool input = w->file[PREVIOUS].there && w->file[PREVIOUS].kind == FILE_KIND;
    bool output = w->file[PROCESSED].there && w->file[PROCESSED].kind == FILE_KIND;
    bool adopted = output && w->file[PROCESSED].marked && !(modeless && input);
    expect(w, STATE, 0, 1);
    expect(w, NEWSTATE, 0, 1);
    expect(w, HALF_GZ, 0, 1);
    expect(w, LOCK, 0, 1); /* one that others could open is replaced */
    expect(w, PREVIOUS, adopted ? 0 : 1, 1);
    expect(w, PROCESSED, adopted ? 1 : 0, 1);
    for (size_t i = 0; i < NAMES; i++) {
        bool kept = (is_archive(i) && !has_twin(w, i)) || i == CURRENT || i == OTHER;
        if (w->file[i].linked)
            expect(w, i, kept ? 1 : 0, is_cut_short(w, i) ? 1 : NAMES);
    }
}

/* --- using it --- */

static void open_it(struct world *w, bool resume)
{
    struct error e = ERROR_INIT;
    int fd = fcntl(w->directory, F_DUPFD_CLOEXEC, 3);
    MUST(fd >= 0);
    w->open = logdir_open(&w->d, fd, "d", &w->settings, resume, &e) == 0;
    MUST(w->open || e.text[0] != '\0');
}

static void append(struct world *w)
{
    char text[LINE_SIZE + 1];
    size_t length = new_lines(w, text, 1, false);
    MUST(logdir_append(&w->d, text, length) == (ssize_t)length);
    /* They are in whatever file of somebody's current is a link to. */
    if (w->file[CURRENT].linked && !is_cut_short(w, CURRENT))
        w->most[w->lines - 1] = NAMES;
}

/* The helper's work on the oldest plain archive, up to some step. */
static void compress_again(struct world *w, int steps)
{
    struct archive *list;
    struct error e = ERROR_INIT;
    struct str text = STR_INIT;
    char name[ARCHIVE_NAME_MAX + 8];
    long count = archive_list(w->directory, &list);
    long i = 0;
    MUST(count >= 0);
    while (i < count && list[i].compressed)
        i++;
    if (i < count && file_read(w->directory, list[i].name, 1 << 16, &text, &e) == 0) {
        archive_name(name, &list[i].time, list[i].unfinished, true);
        strcat(name, ".new");
        unlinkat(w->directory, name, 0);
        struct stat s;
        if (fstatat(w->directory, name, &s, AT_SYMLINK_NOFOLLOW) < 0) {
            write_gz(w, name, text.data == NULL ? "" : text.data, text.length, 0);
            char done[ARCHIVE_NAME_MAX];
            archive_name(done, &list[i].time, list[i].unfinished, true);
            if (steps > 0 && renameat(w->directory, name, w->directory, done) == 0 && steps > 1)
                unlinkat(w->directory, list[i].name, 0);
        }
    }
    free(list);
    str_release(&text);
}

static void use_it(struct world *w, uint8_t deed)
{
    struct error e = ERROR_INIT;
    switch (deed % 8) {
    case 0:
    case 1:
        append(w);
        break;
    case 2:
    case 3:
        if (logdir_turn(&w->d, &e) == 0)
            logdir_tidy(&w->d);
        else
            MUST(e.text[0] != '\0');
        break;
    case 4:
    case 5:
        logdir_close(&w->d, (deed & 1) != 0);
        open_it(w, (deed & 8) != 0);
        break;
    case 6:
        compress_again(w, (deed >> 3) % 3);
        break;
    default:
        logdir_tidy(&w->d);
        break;
    }
}

/* --- counting --- */

static void count_text(const char *text, size_t length, int *seen)
{
    for (size_t i = 0; i + 4 <= length; i++)
        if (text[i] == '<' && text[i + 3] == '>')
            seen[(text[i + 1] - '0') * 10 + text[i + 2] - '0']++;
}

static void count_gz(const struct str *file, int *seen)
{
    static unsigned char plain[BGZF_MEMBER_MAX];
    const unsigned char *at = (const unsigned char *)file->data;
    for (size_t left = file->length; left > 0;) {
        long n = bgzf_header(at, left, NULL);
        MUST(n > 0 && (size_t)n <= left);
        long length = bgzf_unpack(at, (size_t)n, plain);
        MUST(length >= 0);
        count_text((const char *)plain, (size_t)length, seen);
        at += n;
        left -= (size_t)n;
    }
}

static bool has_ending(const char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);
    return n >= m && strcmp(name + n - m, ending) == 0;
}

/* A whole compression: it ends as they do. */
static bool is_whole(const struct world *w, const char *gz)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    struct stat s;
    bool whole = fstatat(w->directory, gz, &s, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(s.st_mode) &&
                 file_read(w->directory, gz, 1 << 16, &text, &e) == 0 &&
                 text.length >= sizeof bgzf_end &&
                 memcmp(text.data + text.length - sizeof bgzf_end, bgzf_end, sizeof bgzf_end) == 0;
    str_release(&text);
    return whole;
}

/* The plain one of twins, when the other is whole; or the torn one. */
static bool is_twin(const struct world *w, const char *name)
{
    char gz[300];
    snprintf(gz, sizeof gz, "%s.gz", name);
    return name[0] == '@' && (has_ending(name, ".gz") ? !is_whole(w, name) : is_whole(w, gz));
}

/* Files that are not links to one another count once. */
static void count(struct world *w, int *seen)
{
    ino_t inodes[64];
    size_t known = 0;
    DIR *d = fdopendir(openat(w->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    MUST(d != NULL);
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        struct stat s;
        struct str text = STR_INIT;
        struct error e = ERROR_INIT;
        size_t i = 0;
        if (fstatat(w->directory, entry->d_name, &s, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(s.st_mode) || has_ending(entry->d_name, ".gz.new") ||
            is_twin(w, entry->d_name))
            continue;
        while (i < known && inodes[i] != s.st_ino)
            i++;
        if (i < known || known == 64)
            continue;
        inodes[known++] = s.st_ino;
        MUST(file_read(w->directory, entry->d_name, 1 << 16, &text, &e) == 0);
        if (has_ending(entry->d_name, ".gz"))
            count_gz(&text, seen);
        else if (text.length > 0)
            count_text(text.data, text.length, seen);
        str_release(&text);
    }
    closedir(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct world w = {.directory = open(fuzz_directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    int seen[100] = {0};
    MUST(w.directory >= 0);
    uint8_t how = input_byte(&in);
    w.settings = (struct logdir_settings){.keep = 1000,
                                          .rotate = 100000,
                                          .gzip = how & 1 ? 6 : 0,
                                          .processor = how & 2 ? "x" : NULL,
                                          .slots = -1};
    for (int i = input_byte(&in) % FILES_MAX; i > 0; i--) {
        size_t which = input_byte(&in) % NAMES;
        uint8_t kind = input_byte(&in);
        make_file(&w, which, kind, (kind & 4) != 0 ? input_byte(&in) : 0);
    }
    lower_expectations(&w);
    open_it(&w, (how & 4) != 0);
    for (int i = 0; i < DEEDS_MAX && w.open && in.left > 0; i++)
        use_it(&w, input_byte(&in));
    if (w.open)
        logdir_close(&w.d, true);
    count(&w, seen);
    for (int i = 0; i < w.lines; i++) {
        if (seen[i] < w.least[i] || seen[i] > w.most[i])
            fprintf(stderr, "line %d is there %d times\n", i, seen[i]);
        MUST(seen[i] >= w.least[i] && seen[i] <= w.most[i]);
    }
    close(w.directory);
    return 0;
}
