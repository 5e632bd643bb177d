/* Lines of the event log, as entries of the services that they are about and as their states. */
#include "base/file.h"
#include "logcat/events.h"
#include "supervisor/event_log.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int copies_left = -1; /* until one finds no memory; -1: all do */
static bool copy_failed;

/* In the place of the C library's. */
char *strdup(const char *text)
{
    static char *(*real)(const char *);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "strdup");
    if (copies_left == 0) {
        copy_failed = true;
        errno = ENOMEM;
        return NULL;
    }
    copies_left -= copies_left > 0;
    return real(text);
}

static char *no_words[] = {NULL};
static const struct logdirs everything = {.root = "/nowhere", .wanted = no_words};
static const struct timespec when = {1700000000, 5};

/* Of a line with this text, logcat shows that message as name's; NULL: nothing. */
static void shows(const char *text, const char *name, const char *message)
{
    struct events ev = {.logdirs = &everything};
    char line[EVENT_LINE_MAX] = "2023-11-14T22:13:20.000000005Z ";
    size_t stamp = strlen(line);
    strcat(line, text);
    struct entry entry = {
        .time = when, .stamped = true, .message = line + stamp, .length = strlen(text)};
    assert_int_equal(events_take(&ev, &entry), name != NULL);
    if (name != NULL) {
        assert_string_equal(entry.name, name);
        assert_string_equal(entry.message, message);
        assert_int_equal(entry.length, strlen(message));
    }
    events_release(&ev);
}

static void entries(void **state)
{
    (void)state;
    shows("start service=web pid=17", "web", "overlog: start pid=17");
    shows("up service=a\\040b\\134c", "a b\\c", "overlog: up");
    shows("boot id=0123456789abcdef pid=1", ".init", "overlog: boot id=0123456789abcdef pid=1");
    shows("cmdexit pid=5 code=0", ".cmd", "overlog: cmdexit pid=5 code=0");
    shows("", NULL, NULL);
}

/* Only what is written as event_line writes it is undone. */
static void backslashes_of_others(void **state)
{
    (void)state;
    shows("up service=a\\x", "a\\x", "overlog: up");
    shows("up service=a\\999", "a\\999", "overlog: up");
    shows("up service=a\\04", "a\\04", "overlog: up");
    shows("up service=\\000", "\\000", "overlog: up");
}

/* A name is 255 bytes at most, and four times as long in the log. */
static void long_names_with_blanks(void **state)
{
    char name[201], line[EVENT_LINE_MAX];
    (void)state;
    memset(name, ' ', 200);
    name[199] = 'x';
    name[200] = '\0';
    size_t length = event_line(line, &when, "start", name, "pid=17");
    line[length - 1] = '\0';
    shows(line + 31, name, "overlog: start pid=17");
}

/* text: events, one a line; expected: "NAME=STATE" for each service, with a blank behind it. */
static void states_are(const char *text, const char *expected)
{
    struct events_states s = {WORDS_INIT, WORDS_INIT};
    struct error e = ERROR_INIT;
    struct str log = STR_INIT, found = STR_INIT;
    char root[] = "/tmp/events_test.XXXXXX", path[64];
    assert_non_null(mkdtemp(root));
    for (const char *p = text; *p != '\0'; p += strcspn(p, "\n") + 1)
        str_printf(&log, "2023-11-14T22:13:20.000000005Z %.*s\n", (int)strcspn(p, "\n"), p);
    snprintf(path, sizeof path, "%s/current", root);
    assert_int_equal(file_write(AT_FDCWD, path, log.data, log.length, 0600, &e), 0);
    assert_int_equal(events_states(root, &s, &e), 0);
    str_add_text(&found, "");
    for (size_t i = 0; i < s.names.count; i++)
        str_printf(&found, "%s=%s ", s.names.item[i], s.states.item[i]);
    assert_string_equal(found.data, expected);
    events_states_release(&s);
    str_release(&log);
    str_release(&found);
    assert_int_equal(file_remove_tree(AT_FDCWD, root, &e), 0);
}

static void states(void **state)
{
    (void)state;
    states_are("start service=a pid=1\nready service=a pid=1\nstart service=b pid=2\n"
               "exit service=b pid=2 code=3\nfail service=c reason=x code=1\n",
               "a=ready b=exit 3 c=failed ");
    states_are("exit service=a pid=2 signal=9\ncmd pid=3\n", "a=signal 9 .cmd=up ");
    states_are("cmd pid=3\ncmdexit pid=3 code=0\n", ".cmd=exit 0 ");
    states_are("up service=a\nboot id=1 pid=1 version=2\ndown service=b\n", "b=down ");
}

/* A reader passes over what it does not know, also when it begins like what it does. */
static void unknown_events_say_nothing(void **state)
{
    (void)state;
    states_are("down service=a\nupset service=a\nstarted service=a\nstopping service=b\n",
               "a=down ");
}

/* Whichever copy it is: the failure is told, in words. */
static void no_memory_is_an_error(void **state)
{
    static const char line[] = "2023-11-14T22:13:20.000000005Z start service=a pid=1\n";
    char root[] = "/tmp/events_test.XXXXXX", path[64];
    struct error e = ERROR_INIT;
    int failed = 0;
    (void)state;
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/current", root);
    assert_int_equal(file_write(AT_FDCWD, path, line, sizeof line - 1, 0600, &e), 0);
    for (copy_failed = true; copy_failed; failed++) {
        struct events_states s = {WORDS_INIT, WORDS_INIT};
        e.text[0] = '\0';
        copies_left = failed;
        copy_failed = false;
        int result = events_states(root, &s, &e);
        copies_left = -1;
        assert_int_equal(result, copy_failed ? -1 : 0);
        assert_true(!copy_failed || strstr(e.text, "Cannot allocate memory") != NULL);
        events_states_release(&s);
    }
    assert_true(failed > 3); /* the source's two, the state's */
    assert_int_equal(file_remove_tree(AT_FDCWD, root, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries),
        cmocka_unit_test(backslashes_of_others),
        cmocka_unit_test(long_names_with_blanks),
        cmocka_unit_test(states),
        cmocka_unit_test(unknown_events_say_nothing),
        cmocka_unit_test(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
