/* The status file: what is written is read, and nothing else is. */
#include "supervisor/status.h"
#include "tests/unit/exact.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct status_container container = {
    .release = "1.2", .stage = STATUS_RUNNING, .pid = 1, .cmd = 57, .began = 1000, .generation = 3};

static const struct status_service services[] = {
    {.name = "web",
     .log = "/var/log/services/web",
     .type = STATUS_LONGRUN,
     .state = SERVICE_IS_UP,
     .wanted = true,
     .ready = true,
     .pid = 31,
     .starts = 2,
     .code = -1,
     .signal = 11,
     .since = 5000,
     .ready_at = 6000,
     .died_at = 4000},
    {.name = "a\033[31m b\n",
     .type = STATUS_ONESHOT,
     .state = SERVICE_IS_FAILED,
     .wanted = true,
     .starts = -1,
     .code = 1,
     .signal = -1,
     .since = 7000},
    {.name = "c",
     .why = "unable to execute it",
     .state = SERVICE_IS_WAITING,
     .starts = 0,
     .code = -1,
     .signal = -1},
};
enum { COUNT = sizeof services / sizeof services[0] };

static struct status_image made(void)
{
    struct status_image m;
    assert_int_equal(status_image_make(&m, &container, services, COUNT), 0);
    return m;
}

static enum status_verdict verdict_of(const char *bytes, size_t length, char text[512])
{
    struct error e = ERROR_INIT;
    char *exact = exact_copy(bytes, length);
    enum status_verdict v = status_check(exact, length, &e);
    strcpy(text, e.text);
    free(exact);
    return v;
}

static void text_is(const char *text, const char *expected)
{
    if (expected == NULL)
        assert_null(text);
    else
        assert_string_equal(text, expected);
}

static void service_is(const char *bytes, uint32_t index, const struct status_service *expected)
{
    struct status_service s;
    status_service(bytes, index, &s);
    assert_string_equal(s.name, expected->name);
    text_is(s.log, expected->log);
    text_is(s.why, expected->why);
    assert_int_equal(s.type, expected->type);
    assert_int_equal(s.state, expected->state);
    assert_true(s.wanted == expected->wanted && s.ready == expected->ready);
    assert_true(s.pid == expected->pid && s.starts == expected->starts);
    assert_true(s.code == expected->code && s.signal == expected->signal);
    assert_true(s.since == expected->since && s.ready_at == expected->ready_at &&
                s.died_at == expected->died_at);
}

static void what_is_written_is_read(void **state)
{
    char text[512];
    struct status_container c;
    struct status_image m = made();
    (void)state;
    assert_int_equal(verdict_of(m.bytes, m.size, text), STATUS_GOOD);
    assert_int_equal(status_count(m.bytes), COUNT);
    status_container(m.bytes, &c);
    assert_string_equal(c.release, "1.2");
    assert_true(c.stage == STATUS_RUNNING && c.pid == 1 && c.cmd == 57 && c.began == 1000 &&
                c.generation == 3 && !c.replaced);
    for (uint32_t i = 0; i < COUNT; i++)
        service_is(m.bytes, i, &services[i]);
    status_image_release(&m);
}

static void none_is_a_file_too(void **state)
{
    char text[512];
    struct status_image m;
    (void)state;
    assert_int_equal(status_image_make(&m, &container, NULL, 0), 0);
    assert_int_equal(m.size, STATUS_HEADER);
    assert_int_equal(verdict_of(m.bytes, m.size, text), STATUS_GOOD);
    assert_int_equal(status_count(m.bytes), 0);
    status_image_release(&m);
}

static void changes_are_in_place(void **state)
{
    char text[512];
    size_t at[2], length[2];
    struct status_image m = made();
    struct status_service s = services[0];
    struct status_container c = container;
    size_t before = m.size;
    (void)state;
    assert_int_equal(status_image_set(&m, 0, &s), 0);
    s.state = SERVICE_IS_STOPPING;
    assert_int_equal(status_image_set(&m, 0, &s), 1);
    assert_int_equal(m.size, before);
    status_image_find(&m, 0, at, length);
    assert_true(at[0] == STATUS_HEADER && length[0] == STATUS_RECORD && length[1] == 0);
    assert_int_equal(verdict_of(m.bytes, m.size, text), STATUS_GOOD);
    service_is(m.bytes, 0, &s);
    s.why = "it is gone"; /* room for it is made once, at the end */
    assert_int_equal(status_image_set(&m, 0, &s), 1);
    assert_int_equal(m.size, before + STATUS_WHY);
    status_image_find(&m, 0, at, length);
    assert_true(at[1] == before && length[1] == STATUS_WHY);
    service_is(m.bytes, 0, &s);
    s.why = NULL;
    assert_int_equal(status_image_set(&m, 0, &s), 1);
    service_is(m.bytes, 0, &s);
    s.why = "again";
    assert_int_equal(status_image_set(&m, 0, &s), 1);
    assert_int_equal(m.size, before + STATUS_WHY);
    assert_int_equal(status_image_head(&m, &c), 0);
    c.stage = STATUS_STOPPING;
    c.replaced = true;
    assert_int_equal(status_image_head(&m, &c), 1);
    status_container(m.bytes, &c);
    assert_true(c.replaced && c.stage == STATUS_STOPPING);
    assert_int_equal(verdict_of(m.bytes, m.size, text), STATUS_GOOD);
    status_image_release(&m);
}

static void a_long_why_is_cut(void **state)
{
    char text[512], why[2000];
    struct status_image m = made();
    struct status_service s = services[2];
    (void)state;
    memset(why, 'w', sizeof why - 1);
    why[sizeof why - 1] = '\0';
    s.why = why;
    assert_int_equal(status_image_set(&m, 2, &s), 1);
    assert_int_equal(verdict_of(m.bytes, m.size, text), STATUS_GOOD);
    status_service(m.bytes, 2, &s);
    assert_int_equal(strlen(s.why), STATUS_WHY - 1);
    status_image_release(&m);
}

/* One byte of the old among the new, wherever it is, is no answer. */
static void a_torn_file_is_seen(void **state)
{
    char text[512];
    struct status_image old = made(), new = made();
    struct status_service s = services[0];
    struct status_container c = container;
    (void)state;
    s.pid = 32;
    s.state = SERVICE_IS_DOWN;
    s.since = 0x0102030405060708;
    assert_int_equal(status_image_set(&new, 0, &s), 1);
    s = services[2];
    s.why = "another reason, which is longer";
    assert_int_equal(status_image_set(&new, 2, &s), 1);
    c.stage = STATUS_STOPPING;
    assert_int_equal(status_image_head(&new, &c), 1);
    assert_int_equal(old.size, new.size);
    char *mixed = malloc(new.size);
    assert_non_null(mixed);
    for (size_t i = 0; i < new.size; i++) {
        memcpy(mixed, new.bytes, new.size);
        mixed[i] = old.bytes[i];
        enum status_verdict v = verdict_of(mixed, new.size, text);
        assert_int_equal(v, old.bytes[i] == new.bytes[i] ? STATUS_GOOD : STATUS_TORN);
    }
    free(mixed);
    status_image_release(&old);
    status_image_release(&new);
}

static void a_short_file_is_seen(void **state)
{
    char text[512];
    struct status_image m = made();
    (void)state;
    size_t end = m.size - STATUS_WHY + strlen(services[2].why); /* after that there is only room */
    for (size_t length = 0; length <= end; length++)
        assert_int_not_equal(verdict_of(m.bytes, length, text), STATUS_GOOD);
    assert_int_equal(verdict_of(m.bytes, STATUS_HEADER - 1, text), STATUS_BAD);
    assert_string_equal(text, "the status file is too short");
    status_image_release(&m);
}

static void is_bad(size_t at, const void *bytes, size_t length, const char *expected)
{
    char text[512];
    struct status_image m = made();
    memcpy(m.bytes + at, bytes, length);
    uint64_t digest = status_digest(m.bytes, m.size);
    memcpy(m.bytes + 16, &digest, sizeof digest);
    assert_int_equal(verdict_of(m.bytes, m.size, text), STATUS_BAD);
    assert_string_equal(text, expected);
    status_image_release(&m);
}

/* All of it with the right digest. */
static void hostile_bytes(void **state)
{
    static const char damaged[] = "the status file is damaged";
    static const uint32_t huge = UINT32_MAX, header = STATUS_HEADER - 1, stage = STATUS_STAGES;
    static const uint16_t version = STATUS_VERSION + 1;
    char unended[32];
    (void)state;
    memset(unended, 'v', sizeof unended);
    is_bad(0, "OVLT", 4, "the status file is no status file");
    is_bad(4, &version, 2, "the status file is of another version of this program");
    is_bad(6, &version, 2, "the status file is of another version of this program");
    is_bad(8, &huge, 4, "the status file is too short");
    is_bad(52, &huge, 4, "the status file is too short");
    is_bad(48, &stage, 4, damaged);
    is_bad(64, unended, 32, damaged);
    is_bad(STATUS_HEADER, "\002", 1, damaged);       /* type */
    is_bad(STATUS_HEADER + 1, "\007", 1, damaged);   /* state */
    is_bad(STATUS_HEADER + 20, &header, 4, damaged); /* name: in the header */
    is_bad(STATUS_HEADER + 20, &huge, 4, damaged);
    is_bad(STATUS_HEADER + 24, &huge, 4, damaged); /* log */
    is_bad(STATUS_HEADER + 24, &header, 4, damaged);
    is_bad(STATUS_HEADER + 28, &huge, 4, damaged); /* why */
    is_bad(STATUS_HEADER + 28, &header, 4, damaged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read), cmocka_unit_test(none_is_a_file_too),
        cmocka_unit_test(changes_are_in_place),    cmocka_unit_test(a_long_why_is_cut),
        cmocka_unit_test(a_torn_file_is_seen),     cmocka_unit_test(a_short_file_is_seen),
        cmocka_unit_test(hostile_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
