/* The console that loggers share: lines of one are never torn by those of another. */
#include "base/kernel.h"
#include "base/message.h"
#include "logger/console.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROOM = 1 << 20, LIMIT = 8192 };

static const struct timespec now = {.tv_sec = 1795431340};
static const struct wrap_pretty plain = {.width = 0};

/* A console, and the file by which loggers share it. */
struct place {
    int ends[2], lock;
};

/* One logger there, with what its service has written. */
struct one {
    struct console c;
    struct lines l;
};

static struct place open_place(void)
{
    struct place p = {.lock = kernel_memory("test")};
    assert_true(p.lock >= 0);
    assert_int_equal(pipe2(p.ends, O_CLOEXEC), 0);
    assert_true(fcntl(p.ends[1], F_SETPIPE_SZ, ROOM) >= ROOM);
    return p;
}

static void close_place(const struct place *p)
{
    close(p->ends[0]);
    close(p->ends[1]);
    close(p->lock);
}

static void join(struct one *o, const struct place *p, enum console_form form, const char *name)
{
    *o = (struct one){.c = {.lock = p->lock}, .l = {.limit = LIMIT}};
    for (int i = 0; i < CONSOLE_STREAMS; i++)
        o->c.stream[i].fd = p->ends[1];
    assert_int_equal(console_open(&o->c, form, name, &plain), 0);
}

static void leave(struct one *o)
{
    console_close(&o->c);
    lines_release(&o->l);
}

static void writes(struct one *o, const char *text, size_t length)
{
    char *room = lines_room(&o->l, length);
    assert_non_null(room);
    memcpy(room, text, length);
    lines_added(&o->l, length);
    assert_true(console_lines(&o->c, 0, &o->l, &now) >= 0);
}

static void waits(struct one *o)
{
    assert_true(console_all(&o->c, 0, &o->l, &now) >= 0);
}

/* The instance ends: what a logger does. */
static void ends(struct one *o)
{
    if (!console_wraps(&o->c)) {
        waits(o);
        console_end_line(&o->c, 0);
        o->l.start = o->l.shown = o->l.end;
    } else {
        assert_int_equal(lines_end(&o->l), 0);
        assert_true(console_lines(&o->c, 0, &o->l, &now) >= 0);
    }
}

static void says(struct one *o, const char *text)
{
    writes(o, text, strlen(text));
}

static const char *shown(const struct place *p)
{
    static char got[ROOM + 1];
    size_t length = 0;
    fcntl(p->ends[0], F_SETFL, O_NONBLOCK);
    for (ssize_t n; (n = read(p->ends[0], got + length, ROOM - length)) > 0;)
        length += (size_t)n;
    got[length] = '\0';
    return got;
}

static void alone_nothing_is_added(void **state)
{
    struct place p = open_place();
    struct one a;
    (void)state;
    join(&a, &p, CONSOLE_PLAIN, "a");
    says(&a, "one\ntwo");
    assert_string_equal(shown(&p), "one\n");
    waits(&a);
    says(&a, " more\n");
    assert_string_equal(shown(&p), "two more\n");
    says(&a, "last");
    ends(&a);
    assert_string_equal(shown(&p), "last");
    leave(&a);
    close_place(&p);
}

static void two_instances_share_no_line(void **state)
{
    static const enum console_form forms[] = {CONSOLE_PLAIN, CONSOLE_PREFIX};
    static const char *const expected[] = {"dying mid\ndying mid\nup\n",
                                           "[a] dying mid\n[a] dying mid\n[a] up\n"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct place p = open_place();
        struct one a;
        join(&a, &p, forms[i], "a");
        says(&a, "dying mid");
        ends(&a);
        says(&a, "dying mid");
        waits(&a);
        ends(&a);
        says(&a, "up\n");
        assert_string_equal(shown(&p), expected[i]);
        leave(&a);
        close_place(&p);
    }
}

static void others_end_a_begun_line(void **state)
{
    struct place p = open_place();
    struct one a, b;
    (void)state;
    join(&a, &p, CONSOLE_PLAIN, "a");
    join(&b, &p, CONSOLE_PLAIN, "b");
    says(&a, "Waiting");
    waits(&a);
    says(&b, "b\n");
    says(&b, "c\n");
    says(&a, " done\n");
    assert_string_equal(shown(&p), "Waiting\nb\nc\n done\n");
    says(&a, "begun");
    waits(&a);
    assert_int_equal(console_message(&b.c, 1, "logger b: warning\n", 18), 0);
    assert_string_equal(shown(&p), "begun\nlogger b: warning\n");
    leave(&a);
    leave(&b);
    close_place(&p);
}

/* Stdout and stderr of one service, on the same console. */
static void so_does_the_other_stream(void **state)
{
    struct place p = open_place();
    struct one a;
    struct lines err = {.data = (char[]){"error\n"}, .end = 6};
    (void)state;
    join(&a, &p, CONSOLE_PLAIN, "a");
    says(&a, "Waiting");
    waits(&a);
    assert_int_equal(console_lines(&a.c, 1, &err, &now), 1);
    says(&a, "!\n");
    assert_string_equal(shown(&p), "Waiting\nerror\n!\n");
    leave(&a);
    close_place(&p);
}

static void a_successor_goes_on_with_the_line(void **state)
{
    struct place p = open_place();
    struct one a, b;
    (void)state;
    join(&a, &p, CONSOLE_PLAIN, "a");
    says(&a, "Waiting");
    waits(&a);
    leave(&a); /* as if killed */
    join(&b, &p, CONSOLE_PLAIN, "a");
    b.c.stream[0].begun = true; /* the state says so */
    says(&b, " done\n");
    assert_string_equal(shown(&p), "Waiting done\n");
    leave(&b);
    close_place(&p);
}

static void wrapped_lines_are_whole(void **state)
{
    struct place p = open_place();
    struct one a;
    (void)state;
    join(&a, &p, CONSOLE_PREFIX, "a");
    says(&a, "one\ntwo");
    assert_string_equal(shown(&p), "[a] one\n");
    waits(&a);
    waits(&a);
    assert_string_equal(shown(&p), "[a] two\n");
    writes(&a, "\nthree\0four\n", 12);
    assert_string_equal(shown(&p), "[a] three\n[a] four\n"); /* nothing is left of two */
    leave(&a);
    close_place(&p);
}

static void pieces_keep_their_characters(void **state)
{
    static char text[LIMIT + 10];
    struct place p = open_place();
    struct one a;
    (void)state;
    join(&a, &p, CONSOLE_PREFIX, "a");
    says(&a, "a\xe2\x82");
    waits(&a);
    assert_string_equal(shown(&p), "[a] a\n");
    waits(&a); /* two bytes alone are none */
    assert_string_equal(shown(&p), "");
    says(&a, "\xac\n");
    assert_string_equal(shown(&p), "[a] \xe2\x82\xac\n");
    memset(text, 'x', sizeof text);
    text[LIMIT - 1] = '\xc3';
    text[LIMIT] = '\xa4';
    writes(&a, text, sizeof text);
    assert_int_equal(strlen(shown(&p)), 4 + LIMIT - 1 + 1);
    says(&a, "\n");
    assert_string_equal(shown(&p), "[a] \xc3\xa4xxxxxxxxx\n");
    leave(&a);
    close_place(&p);
}

/* What one process writes beside others, and with what. */
static void flood(const struct place *p, enum console_form form, char letter, bool begins)
{
    enum { LINES = 1500 };
    char text[4000], name[2] = {letter, '\0'};
    struct one o;
    join(&o, p, form, name);
    memset(text, letter, sizeof text);
    for (int i = 0; i < LINES; i++) {
        size_t length = 2 + (size_t)i * 397 % 3900;
        text[length - 1] = '\n';
        if (letter != 'c')
            writes(&o, text, length);
        else if (write(p->ends[1], text, length) != (ssize_t)length) /* knows no lock */
            _exit(1);
        text[length - 1] = letter;
        if (begins && i % 10 == 0) {
            says(&o, name);
            waits(&o);
            says(&o, name);
            says(&o, "\n");
        }
    }
    leave(&o);
    _exit(0);
}

/* Whether a line has letters of one kind only, behind a prefix that goes with them. */
static bool is_whole(const char *line, size_t length, bool prefixed)
{
    const char letter = length > 0 ? line[length - 1] : '\0';
    const char prefix[] = {'[', letter, ']', ' '};
    size_t head = 0;
    if (prefixed && letter != 'c' && length >= sizeof prefix &&
        memcmp(line, prefix, sizeof prefix) == 0)
        head = sizeof prefix;
    if (prefixed && letter != 'c' && head == 0)
        return false;
    for (size_t i = head; i < length; i++)
        if (line[i] != letter)
            return false;
    return true;
}

/* Reads to the end; the number of lines that are not whole. */
static long read_all(int fd, bool prefixed)
{
    static char buffer[1 << 16];
    size_t length = 0;
    long torn = 0;
    for (ssize_t n; (n = read(fd, buffer + length, sizeof buffer - length)) > 0;) {
        size_t at = 0;
        length += (size_t)n;
        for (char *end; (end = memchr(buffer + at, '\n', length - at)) != NULL;
             at = (size_t)(end - buffer) + 1)
            torn += !is_whole(buffer + at, (size_t)(end - buffer) - at, prefixed);
        memmove(buffer, buffer + at, length -= at);
    }
    return torn + (length > 0);
}

static void nobody_tears_a_line(void **state)
{
    static const struct {
        enum console_form form;
        const char *who; /* c: one who writes past the lock */
        bool begins;
    } rows[] = {
        {CONSOLE_PLAIN, "abc", false}, {CONSOLE_PLAIN, "ab", true}, {CONSOLE_PREFIX, "abc", true}};
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct place p = open_place();
        int status = 0;
        for (const char *who = rows[row].who; *who != '\0'; who++)
            if (fork() == 0)
                flood(&p, rows[row].form, *who, rows[row].begins && *who != 'c');
        close(p.ends[1]);
        assert_int_equal(read_all(p.ends[0], rows[row].form == CONSOLE_PREFIX), 0);
        while (wait(&status) > 0)
            assert_int_equal(status, 0);
        p.ends[1] = -1;
        close_place(&p);
    }
}

static int warnings;

static void count_warning(const char *text, size_t length)
{
    (void)length;
    assert_non_null(strstr(text, "console's stdout: "));
    warnings++;
}

static void a_full_disk_is_not_for_good(void **state)
{
    struct place p = open_place();
    struct one a;
    (void)state;
    join(&a, &p, CONSOLE_PLAIN, "a");
    message_to(count_warning);
    a.c.stream[0].fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    for (int round = 1; round <= 2; round++) {
        says(&a, "not shown\n");
        says(&a, "nor this\n");
        assert_int_equal(warnings, round);
        int full = dup(a.c.stream[0].fd);
        assert_int_equal(dup2(p.ends[1], a.c.stream[0].fd), a.c.stream[0].fd);
        says(&a, "shown\n");
        assert_string_equal(shown(&p), "shown\n");
        dup2(full, a.c.stream[0].fd);
        close(full);
    }
    close(a.c.stream[0].fd);
    says(&a, "gone\n");
    assert_true(a.c.stream[0].closed);
    assert_int_equal(warnings, 3);
    message_to(NULL);
    leave(&a);
    close_place(&p);
}

/* A file, and the bytes for which its disk has room; SIZE_MAX: there is enough. */
static int full_file = -1;
static size_t room = SIZE_MAX;

ssize_t write(int fd, const void *bytes, size_t length)
{
    if (fd != full_file || room == SIZE_MAX)
        return syscall(SYS_write, fd, bytes, length);
    if (room == 0) {
        errno = ENOSPC;
        return -1;
    }
    ssize_t n = syscall(SYS_write, fd, bytes, length < room ? length : room);
    room -= n > 0 ? (size_t)n : 0;
    return n;
}

/* One writes where only so much fits; when there is room again, the same one or another goes on. */
static void fill(struct one *next, const struct place *p, struct one *a, const char *text,
                 size_t fits, const char *expected)
{
    char got[100] = "";
    off_t before = lseek(p->ends[1], 0, SEEK_END);
    room = fits;
    says(a, text);
    room = SIZE_MAX;
    says(next, "next\n");
    assert_true(pread(p->ends[1], got, sizeof got - 1, before) > 0);
    assert_string_equal(got, expected);
}

static void a_line_that_a_full_disk_tore_is_over(void **state)
{
    char name[] = "/tmp/console_test.XXXXXX";
    struct place p = {.lock = kernel_memory("test"), .ends = {-1, mkostemp(name, O_APPEND)}};
    struct one a, b;
    (void)state;
    unlink(name);
    full_file = p.ends[1];
    join(&a, &p, CONSOLE_PLAIN, "a");
    join(&b, &p, CONSOLE_PLAIN, "b");
    message_to(count_warning);
    for (int i = 0; i < 2; i++) {
        struct one *next = i == 0 ? &a : &b;
        fill(next, &p, &a, "half a line\n", 4, "half\nnext\n");
        fill(next, &p, &a, "nothing of it\n", 0, "next\n");
        fill(next, &p, &a, "one\ntwo\n", 4, "one\nnext\n");
    }
    says(&b, "begun");
    waits(&b);
    fill(&b, &p, &a, "not shown\n", 1, "\nnext\n"); /* the line end of others, and no more */
    says(&b, "begun");
    waits(&b);
    fill(&a, &p, &b, " on\n", 0, "\nnext\n");
    message_to(NULL);
    leave(&a);
    leave(&b);
    close_place(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone_nothing_is_added),
        cmocka_unit_test(two_instances_share_no_line),
        cmocka_unit_test(others_end_a_begun_line),
        cmocka_unit_test(so_does_the_other_stream),
        cmocka_unit_test(a_successor_goes_on_with_the_line),
        cmocka_unit_test(wrapped_lines_are_whole),
        cmocka_unit_test(pieces_keep_their_characters),
        cmocka_unit_test(nobody_tears_a_line),
        cmocka_unit_test(a_full_disk_is_not_for_good),
        cmocka_unit_test(a_line_that_a_full_disk_tore_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
