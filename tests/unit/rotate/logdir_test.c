#include "base/clock.h"
#include "rotate/read/reader.h"
#include "rotate/steps.h"
#include "tests/unit/rotate/opened.h"
#include <errno.h>
#include <sys/prctl.h>

enum {
    MUCH = 1 << 30 /* S: with it, archives are compressed as soon as they are not the newest */
};

/* Until the helper has nothing more to do now; an archive that is young is not waited for. */
static void settle(void)
{
    int64_t deadline = clock_monotonic() + 120 * CLOCK_SECOND;
    while (ours.helper != 0 ||
           (ours.retry != 0 && ours.retry < clock_monotonic() + 10 * CLOCK_SECOND)) {
        int status;
        assert_true(clock_monotonic() < deadline);
        if (ours.helper == 0) {
            ours.retry = 1;
            logdir_retry(&ours);
            continue;
        }
        pid_t pid = waitpid(ours.helper, &status, 0);
        assert_true(logdir_reaped(&ours, pid, status));
    }
}

static void append(const char *text)
{
    assert_int_equal(logdir_append(&ours, text, strlen(text)), (ssize_t)strlen(text));
}

static int turn_and_tidy(struct logdir *d, struct error *e)
{
    int result = logdir_turn(d, e);
    if (result == 0)
        logdir_tidy(d);
    return result;
}

static void rotate(void)
{
    struct error e = ERROR_INIT;
    assert_int_equal(turn_and_tidy(&ours, &e), 0);
}

/* The names of the archives, one a line, with their stamps left out. */
static struct archive *list;
static long archives(void)
{
    free(list);
    list = NULL;
    long count = archive_list(dir.fd, &list);
    archive_sizes(dir.fd, list, count);
    return count;
}

static char *everything(void)
{
    struct reader *r;
    struct error e = ERROR_INIT;
    struct str s = STR_INIT;
    static char bytes[1 << 16];
    ssize_t n;
    assert_int_equal(reader_open(&r, dir.path, READER_ALL, 0, NULL, &e), 0);
    while ((n = reader_read(r, bytes, sizeof bytes, &e)) > 0)
        str_add(&s, bytes, (size_t)n);
    assert_int_equal(n, 0);
    reader_close(r);
    str_add(&s, "", 0);
    return s.data;
}

static void holds(const char *expected)
{
    char *all = everything();
    assert_string_equal(all, expected);
    free(all);
}

/* --- preparing and opening --- */

static void directories_are_made(void **state)
{
    struct error e = ERROR_INIT;
    char path[128];
    struct stat st;
    (void)state;
    snprintf(path, sizeof path, "%s/a/b/log", dir.path);
    int fd = logdir_prepare(path, 1234, 1235, 0, &e);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    if (geteuid() == 0) {
        assert_int_equal(st.st_uid, 1234);
        assert_int_equal(st.st_gid, 1235);
    }
    close(fd);
    assert_int_equal(directory_mode(&dir, "a"), 0755);
    assert_int_equal(fstatat(dir.fd, "a/b", &st, 0), 0);
    assert_int_equal(st.st_uid, geteuid());
    /* What is there keeps its owner and mode; a slash at the end is no other name. */
    strcat(path, "//");
    fd = logdir_prepare(path, 4321, 4321, 0644, &e);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_not_equal(st.st_uid, 4321);
    close(fd);
    snprintf(path, sizeof path, "%s/wide/", dir.path);
    fd = logdir_prepare(path, (uid_t)-1, (gid_t)-1, 0640, &e);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(directory_mode(&dir, "wide"), 0750);
}

static void links_are_not_followed(void **state)
{
    struct error e = ERROR_INIT;
    char path[128];
    (void)state;
    directory_write(&dir, "victim", "precious", 0600);
    assert_int_equal(mkdirat(dir.fd, "real", 0755), 0);
    assert_int_equal(symlinkat("real", dir.fd, "log"), 0);
    snprintf(path, sizeof path, "%s/log", dir.path);
    assert_int_equal(logdir_prepare(path, (uid_t)-1, (gid_t)-1, 0, &e), -1);
    /* Each name a logger uses, pointing out of the directory. */
    static const char *const names[] = {"state",     "newstate", "previous",
                                        "processed", "current",  "lock"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct directory inner = {.fd = openat(dir.fd, "real", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        assert_int_equal(symlinkat("../victim", inner.fd, names[i]), 0);
        directory_write(&inner, i == 4 ? "previous" : "current", "unclean\n", 0644);
        struct logdir l;
        if (logdir_open(&l, dup(inner.fd), "real", &plain, false, &e) == 0) {
            assert_int_equal(logdir_append(&l, "x\n", 2), 2);
            assert_int_equal(turn_and_tidy(&l, &e), 0);
            if (l.helper != 0)
                waitpid(l.helper, NULL, 0);
            logdir_close(&l, true);
        }
        directory_holds(&dir, "victim", "precious");
        assert_int_equal(directory_mode(&dir, "victim"), 0600);
        close(inner.fd);
        assert_int_equal(file_remove_tree(dir.fd, "real", &e), 0);
        assert_int_equal(mkdirat(dir.fd, "real", 0755), 0);
    }
}

static void one_logger_at_a_time(void **state)
{
    struct error e = ERROR_INIT;
    char expected[128];
    int status;
    (void)state;
    open_log(&plain, false);
    assert_int_equal(directory_mode(&dir, "lock"), 0600);
    pid_t pid = fork();
    if (pid == 0) {
        struct logdir other;
        int fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        errno = EBUSY;
        snprintf(expected, sizeof expected, "unable to lock %s/lock: %s", dir.path,
                 strerror(EBUSY));
        bool refused = logdir_open(&other, fd, dir.path, &plain, true, &e) == -1 &&
                       e.code == EXIT_SYSTEM && strcmp(e.text, expected) == 0;
        _exit(refused ? 0 : 1); /* child */
    }
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    logdir_close(&ours, true);
}

/* Another process that holds a lock on these bytes of lock for as long as go is open; write: what a
 * logger takes, else what somebody takes who may only read. */
struct holder {
    pid_t pid;
    int go;
};

static struct holder hold_lock(off_t start, off_t length, bool write_lock)
{
    struct holder h;
    int go[2], ready[2];
    char byte;
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(ready), 0);
    h.pid = fork();
    if (h.pid == 0) {
        struct flock lock = {.l_type = write_lock ? F_WRLCK : F_RDLCK,
                             .l_whence = SEEK_SET,
                             .l_start = start,
                             .l_len = length};
        int fd = openat(dir.fd, "lock", (write_lock ? O_RDWR : O_RDONLY) | O_CLOEXEC);
        close(go[1]);
        bool locked = fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0;
        if (write(ready[1], locked ? "y" : "n", 1) == 1 && read(go[0], &byte, 1) == 0)
            _exit(0); /* child */
        _exit(1);     /* child */
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    close(go[0]);
    close(ready[0]);
    close(ready[1]);
    h.go = go[1];
    return h;
}

static void let_go(struct holder h)
{
    int status;
    close(h.go);
    assert_int_equal(waitpid(h.pid, &status, 0), h.pid);
    assert_int_equal(status, 0);
}

/* A lock file that others could open once, and whoever holds it locked to keep us out. */
static void readers_of_the_lock_keep_nobody_out(void **state)
{
    struct logdir_settings s = plain;
    (void)state;
    s.gzip = 6;
    s.total = MUCH;
    for (off_t byte = 0; byte < 3; byte++) {
        directory_write(&dir, "lock", "", 0644);
        struct holder h = hold_lock(byte, byte == 2 ? 0 : 1, false);
        open_log(&s, false);
        assert_int_equal(directory_mode(&dir, "lock"), 0600);
        append("x\n");
        rotate();
        append("y\n");
        rotate();
        settle();
        assert_true(archives() >= 2);
        assert_true(list[0].compressed);
        logdir_close(&ours, true);
        let_go(h);
    }
    /* A new one is made even while nobody holds it: they may have it open. */
    struct stat before, after;
    directory_write(&dir, "lock", "", 0640);
    assert_int_equal(fstatat(dir.fd, "lock", &before, 0), 0);
    int open_before = openat(dir.fd, "lock", O_RDONLY | O_CLOEXEC);
    open_log(&s, false);
    assert_int_equal(fstatat(dir.fd, "lock", &after, 0), 0);
    assert_int_equal(after.st_mode & 07777, 0600);
    assert_int_not_equal(before.st_ino, after.st_ino);
    settle();
    logdir_close(&ours, true);
    close(open_before);
}

/* Who may read the lines may read what their logger says of itself. It costs a successor no write,
 * and is gone with the last logger. */
static void a_note_for_readers(void **state)
{
    struct logdir_settings s = plain;
    struct stat before, after;
    (void)state;
    s.note = "pipe:[1] ";
    s.mode = 0640;
    directory_write(&dir, "lock", "pipe:[9] ", 0600); /* an earlier version's place for it */
    directory_write(&dir, "pipes", "pipe:[9] ", 0600);
    open_log(&s, false);
    directory_holds(&dir, "pipes", "pipe:[1] ");
    assert_int_equal(directory_mode(&dir, "pipes"), 0640);
    assert_int_equal(fstatat(dir.fd, "pipes", &before, 0), 0);
    logdir_close(&ours, false);
    open_log(&s, true);
    assert_int_equal(fstatat(dir.fd, "pipes", &after, 0), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    logdir_close(&ours, false);
    s.note = NULL;
    open_log(&s, false); /* what a killed logger said holds no more */
    assert_false(directory_has(&dir, "pipes"));
    logdir_close(&ours, true);
    s.note = "pipe:[2] ";
    open_log(&s, false);
    assert_true(directory_has(&dir, "pipes"));
    logdir_close(&ours, true);
    assert_false(directory_has(&dir, "pipes"));
    /* Whatever has the name costs the log nothing. */
    assert_int_equal(mkdirat(dir.fd, "pipes", 0755), 0);
    open_log(&s, false);
    directory_holds(&dir, "pipes", "pipe:[2] ");
    logdir_close(&ours, true);
    assert_int_equal(symlinkat("victim", dir.fd, "pipes"), 0);
    open_log(&s, false);
    directory_holds(&dir, "pipes", "pipe:[2] ");
    assert_false(directory_has(&dir, "victim"));
    logdir_close(&ours, true);
}

/* Who may write it is a logger, of an older version too. */
static void a_logger_keeps_others_out_by_any_lock(void **state)
{
    struct error e = ERROR_INIT;
    struct logdir other;
    (void)state;
    for (int i = 0; i < 2; i++) {
        directory_write(&dir, "lock", "", i == 0 ? 0644 : 0600);
        struct holder h = hold_lock(0, i, true);
        int fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(logdir_open(&other, fd, dir.path, &plain, false, &e), -1);
        assert_non_null(strstr(e.text, strerror(EBUSY)));
        assert_int_equal(logdir_user(dir.fd), h.pid);
        let_go(h);
    }
}

/* --- what somebody put in our way --- */

enum way { FILE_WITH_TEXT, EMPTY_FILE, PIPE, DIRECTORY, LINK, DANGLING_LINK, NOTHING, WAYS };

static void put(const char *name, enum way way)
{
    switch (way) {
    case FILE_WITH_TEXT:
        directory_write(&dir, name, "of somebody\n", 0644);
        break;
    case EMPTY_FILE:
        directory_write(&dir, name, "", 0600);
        break;
    case PIPE:
        assert_int_equal(mkfifoat(dir.fd, name, 0600), 0);
        break;
    case DIRECTORY: {
        char inside[64];
        assert_int_equal(mkdirat(dir.fd, name, 0755), 0);
        snprintf(inside, sizeof inside, "%s/file", name);
        directory_write(&dir, inside, "precious", 0600);
        break;
    }
    case LINK:
        directory_write(&dir, "victim", "precious", 0600);
        assert_int_equal(symlinkat("victim", dir.fd, name), 0);
        break;
    case DANGLING_LINK:
        assert_int_equal(symlinkat("nowhere", dir.fd, name), 0);
        break;
    case NOTHING:
    case WAYS:
        break;
    }
}

/* How many names begin so; the last of them in name. */
static int beginning_with(const char *prefix, char name[64])
{
    struct words names = WORDS_INIT;
    struct error e = ERROR_INIT;
    int found = 0;
    assert_int_equal(file_list(dir.fd, ".", &names, &e), 0);
    for (size_t i = 0; i < names.count; i++)
        if (strncmp(names.item[i], prefix, strlen(prefix)) == 0) {
            snprintf(name, 64, "%s", names.item[i]);
            found++;
        }
    words_release(&names);
    return found;
}

/* What was put is there under another name, as it was. */
static void is_kept(const char *name, enum way way)
{
    char prefix[64], found[64], inside[96];
    snprintf(prefix, sizeof prefix, "%s.aside@", name);
    int expected = way == PIPE || way == DIRECTORY || way == LINK || way == DANGLING_LINK;
    assert_int_equal(beginning_with(prefix, found), expected);
    if (way == DIRECTORY) {
        snprintf(inside, sizeof inside, "%s/file", found);
        directory_holds(&dir, inside, "precious");
    }
    if (way == LINK) {
        directory_holds(&dir, "victim", "precious");
        assert_int_equal(directory_mode(&dir, "victim"), 0600);
    }
    assert_false(directory_has(&dir, "nowhere"));
}

static void another(void)
{
    directory_remove(&dir);
    directory_make(&dir);
}

/* By rm or mv, in any way, and then something put there: while a logger works. */
static void current_is_taken_away(void **state)
{
    (void)state;
    for (int way = 0; way < WAYS; way++) {
        for (int moved = 0; moved < 3; moved++) {
            open_log(&plain, false);
            append("before\n");
            if (moved == 1)
                assert_int_equal(linkat(dir.fd, "current", dir.fd, "moved", 0), 0);
            if (moved < 2)
                assert_int_equal(unlinkat(dir.fd, "current", 0), 0);
            else
                assert_int_equal(renameat(dir.fd, "current", dir.fd, "moved"), 0);
            put("current", way);
            assert_int_equal(logdir_loss(&ours), LOGDIR_CURRENT_LOST);
            rotate();
            assert_int_equal(logdir_loss(&ours), LOGDIR_NOTHING_LOST);
            append("after\n");
            directory_holds(&dir, "current", "after\n");
            is_kept("current", way);
            settle();
            assert_int_equal(archives(), way == FILE_WITH_TEXT);
            if (way == FILE_WITH_TEXT) {
                directory_holds(&dir, list[0].name, "of somebody\n");
                assert_true(list[0].unfinished);
            }
            if (moved > 0)
                directory_holds(&dir, "moved", "before\n");
            logdir_close(&ours, true);
            another();
        }
    }
}

/* The same between two loggers, and for every other file of ours. */
static void names_are_taken_at_the_start(void **state)
{
    static const char *const names[] = {"current",   "lock",     "state",
                                        "processed", "previous", "newstate"};
    struct logdir_settings s = plain;
    (void)state;
    s.processor = "cat; cat <&4 >&5; echo x >&5";
    s.processor_is_shell = true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (int way = PIPE; way < NOTHING; way++) {
            for (int resume = 0; resume < 2; resume++) {
                put(names[i], way);
                open_log(&s, resume);
                append("one\n");
                rotate();
                settle();
                append("two\n");
                is_kept(names[i], way);
                logdir_close(&ours, true);
                holds("one\ntwo\n");
                directory_holds(&dir, "state", "x\n");
                another();
            }
        }
    }
}

/* And while a processor is at work. */
static void names_are_taken_before_a_processor(void **state)
{
    static const char *const names[] = {"state", "processed", "previous", "newstate"};
    struct logdir_settings s = plain;
    (void)state;
    s.processor = "cat; cat <&4 >&5; echo x >&5";
    s.processor_is_shell = true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (int way = PIPE; way < NOTHING; way++) {
            open_log(&s, false);
            append("one\n");
            if (strcmp(names[i], "state") == 0)
                assert_int_equal(unlinkat(dir.fd, "state", 0), 0);
            put(names[i], way);
            rotate();
            settle();
            ours.retry = 1;
            settle();
            rotate();
            settle();
            append("two\n");
            assert_int_equal(archives(), 1);
            logdir_close(&ours, true);
            holds("one\ntwo\n");
            directory_holds(&dir, "state", "x\n");
            another();
        }
    }
}

static void names_are_taken_before_a_compression(void **state)
{
    char half[64];
    (void)state;
    for (int way = FILE_WITH_TEXT; way < NOTHING; way++) {
        for (int whole = 0; whole < 2; whole++) {
            if (way < PIPE && whole)
                continue; /* that is a torn twin */
            directory_write(&dir, archive_of(1000, ".s"), "old\n", 0744);
            directory_write(&dir, archive_of(2000, ".s"), "new\n", 0744);
            open_log(&plain, false);
            settle();
            snprintf(half, sizeof half, "%s%s", archive_of(1000, ".s.gz"), whole ? "" : ".new");
            put(half, way);
            ours.settings.gzip = 6;
            logdir_tidy(&ours);
            settle();
            assert_false(directory_has(&dir, archive_of(1000, ".s")));
            logdir_close(&ours, true);
            holds("old\nnew\n");
            if (way == LINK)
                directory_holds(&dir, "victim", "precious");
            another();
        }
    }
}

/* --- the start-up table --- */

static void a_new_directory(void **state)
{
    (void)state;
    open_log(&plain, false);
    assert_int_equal(directory_mode(&dir, "current"), 0644);
    append("one\n");
    logdir_close(&ours, true);
    assert_int_equal(directory_mode(&dir, "current"), 0744);
    directory_holds(&dir, "current", "one\n");
    directory_holds(&dir, "state", "");
    open_log(&plain, false);
    assert_int_equal(directory_mode(&dir, "current"), 0644);
    assert_int_equal(ours.size, 4);
    append("two\n");
    settle();
    logdir_close(&ours, true);
    directory_holds(&dir, "current", "one\ntwo\n");
    assert_int_equal(archives(), 0);
}

static void an_unclean_end(void **state)
{
    (void)state;
    directory_write(&dir, "current", "torn", 0644);
    directory_write(&dir, "state", "of old", 0644);
    directory_write(&dir, "newstate", "of old", 0644);
    open_log(&plain, false);
    settle();
    assert_int_equal(archives(), 1);
    assert_string_equal(list[0].name + 25, ".u");
    directory_holds(&dir, list[0].name, "torn");
    assert_int_equal(directory_mode(&dir, list[0].name), 0644);
    directory_holds(&dir, "current", "");
    directory_holds(&dir, "state", "");
    assert_false(directory_has(&dir, "newstate"));
    /* Empty files are no archives. */
    kill_log();
    open_log(&plain, false);
    settle();
    assert_int_equal(archives(), 1);
    kill_log();
}

static void resume_takes_current_over(void **state)
{
    (void)state;
    directory_write(&dir, "current", "begun ", 0644);
    open_log(&plain, true);
    assert_int_equal(ours.size, 6);
    append("ended\n");
    settle();
    kill_log();
    assert_int_equal(archives(), 0);
    directory_holds(&dir, "current", "begun ended\n");
}

static void unclean_with_a_processor(void **state)
{
    (void)state;
    directory_write(&dir, "current", "3\n", 0644);
    directory_write(&dir, "previous", "2\n", 0744);
    directory_write(&dir, "processed", "hal", 0644);
    open_log(&plain, false);
    settle();
    assert_int_equal(archives(), 2);
    assert_string_equal(list[0].name + 25, ".u");
    directory_holds(&dir, list[0].name, "2\n");
    directory_holds(&dir, list[1].name, "3\n");
    assert_false(directory_has(&dir, "previous") || directory_has(&dir, "processed"));
    logdir_close(&ours, true);
    assert_int_equal(unlinkat(dir.fd, "current", 0), 0);
    directory_write(&dir, "current", "5\n", 0644);
    directory_write(&dir, "previous", "4\n", 0744);
    directory_write(&dir, "processed", "FOUR\n", 0744);
    open_log(&plain, false);
    settle();
    assert_int_equal(archives(), 4);
    assert_string_equal(list[2].name + 25, ".s");
    directory_holds(&dir, list[2].name, "FOUR\n");
    directory_holds(&dir, list[3].name, "5\n");
    assert_false(directory_has(&dir, "previous") || directory_has(&dir, "processed"));
    kill_log();
}

/* --- rotation --- */

static void rotation_by_size(void **state)
{
    (void)state;
    open_log(&plain, false);
    rotate(); /* an empty current is left */
    assert_int_equal(archives(), 0);
    char line[101];
    memset(line, 'x', 99);
    strcpy(line + 99, "\n");
    assert_int_equal(logdir_room(&ours), 3996);
    for (int i = 0; i < 39; i++)
        append(line);
    assert_false(logdir_full(&ours));
    assert_int_equal(logdir_room(&ours), 96);
    append(line);
    assert_true(logdir_full(&ours));
    assert_int_equal(logdir_room(&ours), 0);
    rotate();
    assert_int_equal(ours.size, 0);
    assert_false(logdir_full(&ours));
    assert_int_equal(archives(), 1);
    assert_string_equal(list[0].name + 25, ".s");
    assert_int_equal(list[0].size, 4000);
    assert_int_equal(directory_mode(&dir, list[0].name), 0744);
    settle();
    logdir_close(&ours, true);
}

static void names_grow_when_the_clock_goes_back(void **state)
{
    (void)state;
    struct timespec now = clock_wall();
    directory_write(&dir, archive_of(now.tv_sec + 5000, ".s"), "0\n", 0744);
    open_log(&plain, false);
    for (int i = 0; i < 5; i++) {
        append("x\n");
        rotate();
        settle();
    }
    assert_int_equal(archives(), 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(list[i].time.tv_sec, now.tv_sec + 5000);
        assert_int_equal(list[i].time.tv_nsec, i);
    }
    kill_log();
    directory_add(&dir, "current", "torn");
    open_log(&plain, false);
    settle();
    assert_int_equal(archives(), 7);
    assert_int_equal(list[6].time.tv_nsec, 6);
    assert_true(list[6].unfinished);
    kill_log();
}

static void modes_are_given(void **state)
{
    struct logdir_settings s = plain;
    (void)state;
    s.mode = 0640;
    s.gzip = 6;
    s.total = MUCH;
    open_log(&s, false);
    assert_int_equal(directory_mode(&dir, "current"), 0640);
    append("x\n");
    rotate();
    append("y\n");
    rotate();
    settle();
    append("z\n");
    assert_int_equal(archives(), 2);
    assert_string_equal(list[0].name + 25, ".s.gz");
    assert_string_equal(list[1].name + 25, ".s");
    assert_int_equal(directory_mode(&dir, list[0].name), 0740);
    assert_int_equal(directory_mode(&dir, list[1].name), 0740);
    logdir_close(&ours, true);
    assert_int_equal(directory_mode(&dir, "current"), 0740);
    open_log(&s, false);
    assert_int_equal(directory_mode(&dir, "current"), 0640);
    logdir_close(&ours, true);
}

/* Nor has a processor's output several names where the old one cannot be removed at once. */
static void what_is_archived_is_not_archived_again(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    open_log(&plain, false);
    directory_write(&dir, "processed", "x\n", 0744);
    assert_int_equal(linkat(dir.fd, "processed", dir.fd, archive_of(1000, ".s"), 0), 0);
    assert_int_equal(step_archive_or_remove(&ours, "processed", false, &e), 0);
    assert_false(directory_has(&dir, "processed"));
    assert_int_equal(archives(), 1);
    kill_log();
}

/* The names of archives that a helper made are not given again, though they are deleted: readers go
 * by them. */
static void no_name_is_given_again(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    enum { LATER = 2000000000 };
    for (int shed = 0; shed < 2; shed++) {
        const char *name = archive_of(LATER + shed, ".s");
        open_log(&plain, false);
        directory_write(&dir, name, "x\n", 0744);
        ours.settings.keep = 0;
        if (shed)
            assert_true(logdir_shed(&ours));
        else
            logdir_trim(&ours);
        assert_int_equal(archives(), 0);
        directory_write(&dir, "previous", "y\n", 0644);
        assert_int_equal(step_archive(&ours, "previous", false, &e), 0);
        assert_int_equal(archives(), 1);
        assert_int_equal(list[0].time.tv_sec, LATER + shed);
        assert_true(strcmp(list[0].name, name) > 0);
        assert_int_equal(unlinkat(dir.fd, list[0].name, 0), 0);
        kill_log();
    }
}

/* The archive's name for what an interrupted rotation by link and unlink left: two names. */
static void a_rotation_by_links_is_finished(void **state)
{
    (void)state;
    for (int resume = 0; resume < 2; resume++) {
        for (int mode = 0; mode < 2; mode++) {
            const char *name = archive_of(1000 + 2 * resume + mode, ".s");
            directory_write(&dir, "current", mode ? "clean\n" : "torn\n", mode ? 0744 : 0644);
            assert_int_equal(linkat(dir.fd, "current", dir.fd, name, 0), 0);
            open_log(&plain, resume);
            append("new\n");
            settle();
            kill_log();
            directory_holds(&dir, name, mode ? "clean\n" : "torn\n");
            directory_holds(&dir, "current", "new\n");
            assert_int_equal(archives(), 1 + 2 * resume + mode);
            unlinkat(dir.fd, "current", 0);
        }
    }
}

/* A kill between the making of an empty archive and its change of places with current. */
static void archives_without_content_are_removed(void **state)
{
    (void)state;
    for (int resume = 0; resume < 2; resume++) {
        struct timespec now = clock_wall();
        directory_write(&dir, archive_of(now.tv_sec, ".s"), "", 0644);
        directory_write(&dir, archive_of(now.tv_sec - 100, ".s"), "", 0644);
        directory_write(&dir, archive_of(now.tv_sec - 50, ".s.new"), "", 0644);
        directory_write(&dir, "previous", "", 0644);
        directory_write(&dir, "current", "one\n", 0744);
        open_log(&plain, resume);
        settle();
        append("two\n");
        directory_holds(&dir, "current", "one\ntwo\n");
        logdir_close(&ours, true);
        assert_false(directory_has(&dir, archive_of(now.tv_sec, ".s")));
        assert_false(directory_has(&dir, archive_of(now.tv_sec - 100, ".s")));
        assert_false(directory_has(&dir, archive_of(now.tv_sec - 50, ".s.new")));
        assert_false(directory_has(&dir, "previous"));
        another();
    }
}

/* The umask takes away nothing of a mode that was asked for, and adds nothing. */
static void modes_are_exact(void **state)
{
    static const mode_t modes[] = {0664, 0600, 0646, 0444};
    struct logdir_settings s = plain;
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        s.mode = modes[i];
        umask(i % 2 ? 0 : 077);
        open_log(&s, false);
        assert_int_equal(directory_mode(&dir, "current"), modes[i]);
        append("x\n");
        rotate();
        assert_int_equal(directory_mode(&dir, "current"), modes[i]);
        settle();
        assert_int_equal(archives(), 1);
        assert_int_equal(directory_mode(&dir, list[0].name), modes[i] | 0100);
        logdir_close(&ours, true);
        assert_int_equal(umask(022), i % 2 ? 0 : 077);
        another();
    }
}

/* A current that we may not write, whosever it is, is an archive. */
static void the_current_of_another_user(void **state)
{
    (void)state;
    if (geteuid() != 0)
        return;
    for (int way = 0; way < 4; way++) {
        int status;
        directory_write(&dir, "current", "of root\n", way % 2 ? 0744 : 0600);
        pid_t pid = fork();
        if (pid == 0) {
            if (fchown(dir.fd, 1234, 1234) < 0 || setgid(1234) < 0 || setuid(1234) < 0)
                _exit(2); /* child */
            open_log(&plain, way / 2);
            append("ours\n");
            settle();
            logdir_close(&ours, true);
            _exit(0); /* child */
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_int_equal(archives(), 1);
        holds("of root\nours\n");
        another();
    }
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    open_log(&plain, false);
    close(ours.current);
    ours.current = open("/dev/full", O_WRONLY | O_CLOEXEC);
    errno = 0;
    assert_int_equal(logdir_append(&ours, "x", 1), -1);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(ours.size, 0);
    logdir_close(&ours, false);
}

/* What fails leaves current as it was: not marked, and writable. */
static void a_rotation_that_fails(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    if (geteuid() == 0) {
        pid_t pid = fork();
        int status;
        if (pid == 0) {
            fchmod(dir.fd, 0755);
            open_log(&plain, false);
            append("a\n");
            if (fchown(ours.current, 1234, 1234) < 0 || setgid(1234) < 0 || setuid(1234) < 0)
                _exit(2); /* child */
            bool good = turn_and_tidy(&ours, &e) == -1 && logdir_append(&ours, "b\n", 2) == 2 &&
                        directory_mode(&dir, "current") == 0644;
            _exit(good ? 0 : 1); /* child */
        }
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
        directory_holds(&dir, "current", "a\nb\n");
    }
}

/* --- the helper --- */

static void archives_are_compressed(void **state)
{
    struct logdir_settings s = plain;
    struct stat before, after;
    (void)state;
    s.gzip = 6;
    directory_write(&dir, archive_of(1000, ".s"), "old\n", 0744);
    directory_write(&dir, archive_of(2000, ".u"), "torn", 0644);
    assert_int_equal(fstatat(dir.fd, archive_of(1000, ".s"), &before, 0), 0);
    open_log(&s, false);
    append("new\n");
    rotate();
    settle();
    assert_int_equal(archives(), 3);
    assert_true(list[0].compressed && list[1].compressed);
    assert_string_equal(list[2].name + 25, ".s");
    assert_false(directory_has(&dir, archive_of(1000, ".s")));
    assert_int_equal(fstatat(dir.fd, archive_of(1000, ".s.gz"), &after, 0), 0);
    assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    assert_int_equal(after.st_mode & 07777, 0744);
    logdir_close(&ours, true);
    holds("old\ntornnew\n");
}

/* Who reads the newest archive, or one that was just rotated, has time to come to its end. */
static void the_newest_archive_stays_plain(void **state)
{
    struct logdir_settings s = plain;
    struct timespec now = clock_wall();
    (void)state;
    s.gzip = 6;
    directory_write(&dir, archive_of(now.tv_sec - 3000, ".s"), "1\n", 0744);
    directory_write(&dir, archive_of(now.tv_sec - 3, ".s"), "2\n", 0744);
    directory_write(&dir, archive_of(now.tv_sec - 2, ".s"), "3\n", 0744);
    for (int i = 0; i < 2; i++) { /* a start changes nothing about it, clean or not */
        open_log(&s, i == 1);
        settle();
        assert_int_equal(archives(), 3);
        assert_true(list[0].compressed);
        assert_false(list[1].compressed || list[2].compressed);
        /* The first of them will be a minute old. */
        int64_t left = ours.retry - clock_monotonic();
        assert_true(left > 10 * CLOCK_SECOND && left <= 58 * CLOCK_SECOND);
        kill_log();
        assert_int_equal(unlinkat(dir.fd, "current", 0), 0);
    }
    /* No rotation comes: the newest is never compressed. */
    assert_int_equal(renameat(dir.fd, archive_of(now.tv_sec - 3, ".s"), dir.fd,
                              archive_of(now.tv_sec - 90, ".s")),
                     0);
    assert_int_equal(renameat(dir.fd, archive_of(now.tv_sec - 2, ".s"), dir.fd,
                              archive_of(now.tv_sec - 80, ".s")),
                     0);
    open_log(&s, false);
    settle();
    assert_int_equal(archives(), 3);
    assert_true(list[1].compressed);
    assert_false(list[2].compressed);
    assert_int_equal(ours.retry, 0);
    /* Where S counts bytes, the next rotation is enough. */
    ours.settings.total = MUCH;
    append("4\n");
    rotate();
    append("5\n");
    rotate();
    settle();
    assert_int_equal(archives(), 5);
    assert_true(list[3].compressed);
    assert_false(list[4].compressed);
    logdir_close(&ours, true);
    holds("1\n2\n3\n4\n5\n");
}

/* Every state between two steps of the helper. */
static void compression_is_finished(void **state)
{
    struct logdir_settings s = plain;
    (void)state;
    s.gzip = 6;
    directory_write(&dir, archive_of(1000, ".s"), "1\n", 0744);
    directory_write(&dir, archive_of(1000, ".s.gz.new"), "ha", 0600);
    directory_write(&dir, archive_of(2000, ".s"), "2\n", 0744);
    directory_compress(&dir, archive_of(2000, ".s"), NULL);
    directory_write(&dir, archive_of(2000, ".s"), "2\n", 0744);
    directory_write(&dir, archive_of(3000, ".s.gz.new"), "left behind", 0600);
    directory_write(&dir, "strange.gz.new", "of somebody", 0600);
    directory_write(&dir, "current", "3\n", 0744);
    open_log(&s, false);
    assert_false(directory_has(&dir, archive_of(2000, ".s")));
    assert_false(directory_has(&dir, archive_of(3000, ".s.gz.new")));
    settle();
    logdir_close(&ours, true);
    assert_int_equal(archives(), 2);
    assert_true(list[0].compressed && list[1].compressed);
    assert_false(directory_has(&dir, archive_of(1000, ".s")));
    assert_false(directory_has(&dir, archive_of(1000, ".s.gz.new")));
    assert_true(directory_has(&dir, "strange.gz.new"));
    holds("1\n2\n3\n");
}

/* A helper that outlived its logger for a moment is ended before anything is recovered. */
static void an_old_helper_is_ended(void **state)
{
    int status, ready[2];
    char byte;
    (void)state;
    open_log(&plain, false);
    settle();
    logdir_close(&ours, true);
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct flock own = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1};
        int fd = openat(dir.fd, "lock", O_RDWR | O_CLOEXEC);
        bool locked = fd >= 0 && fcntl(fd, F_SETLK, &own) == 0;
        if (write(ready[1], locked ? "y" : "n", 1) == 1)
            pause();
        _exit(0); /* child */
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    close(ready[0]);
    close(ready[1]);
    open_log(&plain, false);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    settle();
    logdir_close(&ours, true);
}

static void helpers_wait_for_a_slot(void **state)
{
    struct logdir_settings s = plain;
    int go[2], ready[2];
    char byte;
    (void)state;
    s.gzip = 6;
    s.slots = openat(dir.fd, "slots", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct flock both = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 2};
        close(go[1]);
        if (fcntl(s.slots, F_SETLK, &both) == 0 && write(ready[1], "y", 1) == 1 &&
            read(go[0], &byte, 1) == 0)
            _exit(0); /* child */
        _exit(1);     /* child */
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    s.total = MUCH;
    open_log(&s, false);
    append("x\n");
    rotate();
    append("y\n");
    int64_t before = clock_monotonic();
    rotate();
    while (ours.helper != 0) {
        int status;
        pid_t reaped = waitpid(ours.helper, &status, 0);
        logdir_reaped(&ours, reaped, status);
    }
    assert_true(ours.retry >= before + CLOCK_SECOND);
    assert_int_equal(archives(), 2);
    assert_false(list[0].compressed);
    close(go[0]);
    close(go[1]);
    waitpid(pid, NULL, 0);
    settle();
    assert_int_equal(archives(), 2);
    assert_true(list[0].compressed);
    logdir_close(&ours, true);
    close(s.slots);
    close(ready[0]);
    close(ready[1]);
}

static void processors(void **state)
{
    struct logdir_settings s = plain;
    (void)state;
    s.processor = "tr a-z A-Z; cat <&4 >&5; echo x >&5";
    s.processor_is_shell = true;
    open_log(&s, false);
    append("one\n");
    rotate();
    assert_int_equal(ours.size, 0);
    append("two\n");
    rotate(); /* may have to wait for the first */
    settle();
    rotate();
    settle();
    append("three\n");
    assert_false(directory_has(&dir, "previous") || directory_has(&dir, "processed") ||
                 directory_has(&dir, "newstate"));
    directory_holds(&dir, "state", "x\nx\n");
    logdir_close(&ours, true);
    assert_int_equal(archives(), 2);
    assert_string_equal(list[0].name + 25, ".s");
    assert_int_equal(directory_mode(&dir, list[0].name), 0744);
    holds("ONE\nTWO\nthree\n");
}

static void a_processor_that_fails_is_tried_again(void **state)
{
    struct logdir_settings s = plain;
    int status;
    (void)state;
    s.processor = "test -e works && cat";
    s.processor_is_shell = true;
    s.retry_ms = 60000;
    open_log(&s, false);
    append("one\n");
    rotate();
    pid_t pid = waitpid(ours.helper, &status, 0);
    int64_t before = clock_monotonic();
    assert_true(logdir_reaped(&ours, pid, status));
    assert_int_equal(ours.helper, 0);
    assert_true(ours.retry >= before + 60 * CLOCK_SECOND);
    assert_int_equal(archives(), 0);
    directory_holds(&dir, "previous", "one\n");
    append("two\n");
    rotate();
    directory_holds(&dir, "current", "two\n");
    /* A successor of the same supervisor goes on with it. */
    kill_log();
    directory_write(&dir, "works", "", 0600);
    open_log(&s, true);
    settle();
    assert_int_equal(archives(), 1);
    assert_false(directory_has(&dir, "previous"));
    kill_log();
    /* Output that was whole is adopted with its state. */
    directory_write(&dir, "previous", "two\n", 0744);
    directory_write(&dir, "processed", "TWO\n", 0744);
    directory_write(&dir, "newstate", "2", 0644);
    open_log(&s, true);
    settle();
    directory_holds(&dir, "state", "2");
    assert_int_equal(archives(), 2);
    directory_holds(&dir, list[1].name, "TWO\n");
    kill_log();
}

/* Output that has not got its name yet belongs to a previous that is gone: no other takes its
 * place, and the next helper goes on there. */
static void output_is_never_mixed_up(void **state)
{
    struct logdir_settings s = plain;
    (void)state;
    s.processor = "tr a-z A-Z";
    s.processor_is_shell = true;
    open_log(&s, false);
    append("two\n");
    directory_write(&dir, "processed", "ONE\n", 0744);
    rotate();
    assert_false(directory_has(&dir, "previous"));
    ours.retry = 1;
    logdir_retry(&ours);
    assert_int_not_equal(ours.helper, 0);
    settle();
    holds("ONE\ntwo\n");
    /* Nor does it while a helper is at work, whatever the directory shows. */
    assert_int_equal(ours.helper, 0);
    ours.helper = fork();
    if (ours.helper == 0) {
        alarm(120);
        for (;;)
            pause();
    }
    assert_false(logdir_full(&ours));
    rotate();
    directory_holds(&dir, "current", "two\n");
    kill(ours.helper, SIGKILL);
    settle();
    holds("ONE\ntwo\n");
    rotate();
    settle();
    holds("ONE\nTWO\n");
    /* Half an output without its input is of no use to anybody. */
    directory_write(&dir, "processed", "HA", 0644);
    ours.retry = 1;
    settle();
    assert_false(directory_has(&dir, "processed"));
    append("three\n");
    rotate();
    settle();
    holds("ONE\nTWO\nTHREE\n");
    logdir_close(&ours, true);
}

static void nothing_is_left_of_no_output(void **state)
{
    struct logdir_settings s = plain;
    (void)state;
    s.processor = "cat >/dev/null";
    s.processor_is_shell = true;
    open_log(&s, false);
    append("one\n");
    rotate();
    settle();
    assert_int_equal(archives(), 0);
    assert_false(directory_has(&dir, "previous") || directory_has(&dir, "processed"));
    logdir_close(&ours, true);
}

/* --- retention --- */

static void trimmed(const struct logdir_settings *s, long expected, const char *oldest)
{
    open_log(s, false);
    append("x\n");
    rotate();
    settle();
    assert_int_equal(archives(), expected);
    if (oldest)
        assert_memory_equal(list[0].name, oldest, 25);
    logdir_close(&ours, true);
    unlinkat(dir.fd, "current", 0);
}

static void retention(void **state)
{
    struct logdir_settings s = plain;
    struct timespec now = clock_wall();
    (void)state;
    for (int i = 0; i < 6; i++)
        directory_write(&dir, archive_of(now.tv_sec - 6000 + 1000 * i, i % 2 ? ".s" : ".u"),
                        "123456789\n", 0744);
    directory_write(&dir, "@not an archive.s", "x", 0600);
    s.keep = 6;
    trimmed(&s, 6, archive_of(now.tv_sec - 5000, ""));
    s.keep = 1000;
    s.total = 52;
    trimmed(&s, 6, archive_of(now.tv_sec - 4000, "")); /* 40 and twice 2 */
    s.total = 0;
    s.age = 2500;
    trimmed(&s, 5, archive_of(now.tv_sec - 2000, ""));
    s.age = 0;
    s.keep = 0;
    trimmed(&s, 0, NULL);
    directory_write(&dir, archive_of(1000, ".s"), "1", 0744);
    directory_write(&dir, archive_of(2000, ".s"), "1", 0744);
    s.keep = 10;
    s.age = 1;
    open_log(&s, false);
    logdir_trim(&ours);
    settle();
    assert_int_equal(archives(), 1); /* the newest never by age */
    assert_int_equal(list[0].time.tv_sec, 2000);
    logdir_close(&ours, true);
    assert_true(directory_has(&dir, "@not an archive.s"));
}

static void age_waits_after_a_clock_step(void **state)
{
    struct logdir_settings s = plain;
    (void)state;
    s.age = 100;
    open_log(&s, false);
    directory_write(&dir, archive_of(1000, ".s"), "1", 0744);
    directory_write(&dir, archive_of(2000, ".s"), "1", 0744);
    ours.clock.offset -= 60 * CLOCK_SECOND;
    logdir_trim(&ours);
    assert_int_equal(archives(), 2);
    logdir_trim(&ours);
    assert_int_equal(archives(), 2);
    ours.clock.paused = clock_monotonic();
    logdir_trim(&ours);
    assert_int_equal(archives(), 1);
    logdir_close(&ours, true);
}

/* With X and X.gz both there, deletion takes both. */
static void twins_go_together(void **state)
{
    struct logdir_settings s = plain;
    (void)state;
    s.keep = 0;
    open_log(&s, false);
    directory_write(&dir, archive_of(1000, ".s"), "1\n", 0744);
    directory_compress(&dir, archive_of(1000, ".s"), NULL);
    directory_write(&dir, archive_of(1000, ".s"), "1\n", 0744);
    logdir_trim(&ours);
    assert_false(directory_has(&dir, archive_of(1000, ".s.gz")));
    assert_false(directory_has(&dir, archive_of(1000, ".s")));
    logdir_close(&ours, true);
}

/* Only a file is a whole compression: a link or a folder of that name takes nothing away. */
static void what_is_no_file_is_no_twin(void **state)
{
    (void)state;
    directory_write(&dir, archive_of(1000, ".s"), "1\n", 0744);
    directory_write(&dir, archive_of(2000, ".s"), "2\n", 0744);
    assert_int_equal(symlinkat(archive_of(1000, ".s"), dir.fd, archive_of(1000, ".s.gz")), 0);
    assert_int_equal(mkdirat(dir.fd, archive_of(2000, ".s.gz"), 0700), 0);
    open_log(&plain, false);
    settle();
    logdir_close(&ours, true);
    directory_holds(&dir, archive_of(1000, ".s"), "1\n");
    directory_holds(&dir, archive_of(2000, ".s"), "2\n");
}

/* What a crash of the machine may leave of a compression: it is done again. */
static void a_torn_compression_is_not_trusted(void **state)
{
    static const off_t cuts[] = {1, 28, 40};
    struct logdir_settings s = plain;
    (void)state;
    s.gzip = 6;
    for (size_t i = 0; i < 3; i++) {
        struct stat st;
        directory_write(&dir, archive_of(1000, ".s"), "one\ntwo\n", 0744);
        directory_compress(&dir, archive_of(1000, ".s"), NULL);
        directory_write(&dir, archive_of(1000, ".s"), "one\ntwo\n", 0744);
        int fd = openat(dir.fd, archive_of(1000, ".s.gz"), O_RDWR | O_CLOEXEC);
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(ftruncate(fd, st.st_size - cuts[i]), 0);
        close(fd);
        directory_write(&dir, archive_of(2000, ".s"), "three\n", 0744);
        open_log(&s, false);
        settle();
        logdir_close(&ours, true);
        assert_false(directory_has(&dir, archive_of(1000, ".s")));
        holds("one\ntwo\nthree\n");
        unlinkat(dir.fd, archive_of(1000, ".s.gz"), 0);
    }
}

/* --- together --- */

static void add_line(struct str *all, int i)
{
    char line[64];
    snprintf(line, sizeof line, "%d %.*s\n", i, i % 37,
             "the quick brown fox jumps over the lazy dog");
    append(line);
    str_add_text(all, line);
}

/* Written, rotated, compressed, killed, and followed all along. */
static void nothing_is_lost_or_doubled(void **state)
{
    struct logdir_settings s = plain;
    struct str all = STR_INIT, seen = STR_INIT;
    struct reader *r;
    struct error e = ERROR_INIT;
    static char bytes[1 << 14];
    (void)state;
    s.gzip = 1;
    s.total = MUCH;
    open_log(&s, false);
    assert_int_equal(reader_open(&r, dir.path, READER_END, 0, NULL, &e), 0);
    for (int i = 0; i < 20000; i++) {
        int status;
        pid_t pid = ours.helper ? waitpid(ours.helper, &status, WNOHANG) : 0;
        if (pid > 0)
            logdir_reaped(&ours, pid, status);
        add_line(&all, i);
        if (logdir_full(&ours))
            rotate();
        if (i % 3000 == 2999) {
            kill_log();
            open_log(&s, i % 2000 == 1999);
        }
        for (ssize_t n; i % 131 == 0 && (n = reader_read(r, bytes, sizeof bytes, &e)) != 0;) {
            assert_true(n > 0);
            str_add(&seen, bytes, (size_t)n);
        }
    }
    settle();
    logdir_close(&ours, true);
    for (ssize_t n; (n = reader_read(r, bytes, sizeof bytes, &e)) != 0;) {
        assert_true(n > 0);
        str_add(&seen, bytes, (size_t)n);
    }
    reader_close(r);
    size_t same = 0;
    while (seen.data[same] != '\0' && seen.data[same] == all.data[same])
        same++;
    if (seen.data[same] != all.data[same]) /* cmocka shows only the beginning */
        print_error("at %zu: \"%.80s\" instead of \"%.80s\"\n", same, seen.data + same,
                    all.data + same);
    assert_string_equal(seen.data, all.data);
    holds(all.data);
    assert_true(archives() > 50);
    for (long i = 0; i + 1 < archives(); i++)
        assert_true(list[i].compressed);
    str_release(&all);
    str_release(&seen);
}

/* --- killed at any point --- */

enum { ROUNDS = 40 };

/* Writes "ROUND NUMBER" lines and tells each, until it is killed. */
static void write_until_killed(int round, int tell)
{
    struct logdir_settings s = plain;
    s.gzip = 1;
    s.total = MUCH;
    s.keep = MUCH; /* however far it comes before somebody kills it */
    open_log(&s, round % 2);
    for (int i = 0;; i++) {
        int status;
        char line[64];
        struct error e = ERROR_INIT;
        int length = snprintf(line, sizeof line, "%d %d %.*s\n", round, i, i % 40,
                              "........................................");
        if (logdir_append(&ours, line, (size_t)length) != length ||
            (logdir_full(&ours) && turn_and_tidy(&ours, &e) < 0) ||
            write(tell, &i, sizeof i) != sizeof i)
            _exit(1); /* child */
        pid_t pid = ours.helper ? waitpid(ours.helper, &status, WNOHANG) : 0;
        if (pid > 0)
            logdir_reaped(&ours, pid, status);
    }
}

/* Of each round every line that was told, in order and once; at most one more. */
static void check_rounds(const int told[ROUNDS])
{
    char *all = everything(), *line = all;
    for (int round = 0; round < ROUNDS; round++) {
        int i = 0, r, n;
        while (sscanf(line, "%d %d", &r, &n) == 2 && r == round) {
            assert_int_equal(n, i);
            i++;
            line = strchr(line, '\n');
            assert_non_null(line);
            line++;
        }
        if (i <= told[round])
            print_error("round %d: %d lines of %d\n", round, i, told[round] + 1);
        /* The pipe holds numbers that were told but not read when it was killed. */
        assert_true(i > told[round]);
    }
    assert_string_equal(line, "");
    free(all);
}

static void killed_at_any_point(void **state)
{
    int told[ROUNDS];
    uint32_t random = 12345;
    (void)state;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int round = 0; round < ROUNDS; round++) {
        int pipes[2], i = -1, status;
        random = random * 1664525 + 1013904223;
        int stop = 50 + (int)(random >> 21);
        assert_int_equal(pipe(pipes), 0);
        pid_t pid = fork();
        if (pid == 0)
            write_until_killed(round, pipes[1]);
        close(pipes[1]);
        while (i < stop)
            assert_int_equal(read(pipes[0], &i, sizeof i), sizeof i);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        while (read(pipes[0], &i, sizeof i) == sizeof i)
            ;
        close(pipes[0]);
        told[round] = i;
    }
    while (waitpid(-1, NULL, 0) > 0) /* the helper of the last one may be in the middle of a call */
        ;
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    check_rounds(told);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(directories_are_made),
        T(links_are_not_followed),
        T(one_logger_at_a_time),
        T(readers_of_the_lock_keep_nobody_out),
        T(a_note_for_readers),
        T(a_logger_keeps_others_out_by_any_lock),
        T(current_is_taken_away),
        T(names_are_taken_at_the_start),
        T(names_are_taken_before_a_processor),
        T(names_are_taken_before_a_compression),
        T(a_new_directory),
        T(an_unclean_end),
        T(resume_takes_current_over),
        T(unclean_with_a_processor),
        T(rotation_by_size),
        T(names_grow_when_the_clock_goes_back),
        T(modes_are_given),
        T(what_is_archived_is_not_archived_again),
        T(no_name_is_given_again),
        T(a_rotation_by_links_is_finished),
        T(archives_without_content_are_removed),
        T(modes_are_exact),
        T(the_current_of_another_user),
        T(a_full_disk_is_told),
        T(a_rotation_that_fails),
        T(archives_are_compressed),
        T(the_newest_archive_stays_plain),
        T(compression_is_finished),
        T(an_old_helper_is_ended),
        T(helpers_wait_for_a_slot),
        T(processors),
        T(a_processor_that_fails_is_tried_again),
        T(output_is_never_mixed_up),
        T(nothing_is_left_of_no_output),
        T(retention),
        T(age_waits_after_a_clock_step),
        T(twins_go_together),
        T(what_is_no_file_is_no_twin),
        T(a_torn_compression_is_not_trusted),
        T(nothing_is_lost_or_doubled),
        T(killed_at_any_point),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(list);
    return failed;
}
