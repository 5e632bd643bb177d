#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "command/tools/dns.h"
#include "tests/unit/exact.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The words, each with a blank behind it. */
static void are(struct words *w, const char *expected)
{
    struct str all = STR_INIT;
    assert_int_equal(str_add_text(&all, ""), 0);
    for (size_t i = 0; i < w->count; i++)
        assert_int_equal(str_printf(&all, "%s ", w->item[i]), 0);
    assert_string_equal(all.data, expected);
    str_release(&all);
    words_release(w);
    *w = WORDS_INIT;
}

static void names(const char *name, const char *suffixes, const char *conf, const char *expected)
{
    struct words out = WORDS_INIT;
    assert_int_equal(dns_names(name, suffixes, conf, &out), 0);
    are(&out, expected);
}

static void a_name_alone_is_a_full_name(void **state)
{
    (void)state;
    names("web", "", "search a.b", "web. ");
    names("a.b.", "x.y", "", "a.b. ");
    names("a.b", "", "", "a.b. ");
}

static void suffixes_come_first(void **state)
{
    (void)state;
    names("web", " one.org\ttwo.org.\r\n", "search no", "web.one.org. web.two.org. web. ");
    names("web", NULL, "nameserver ::1\nsearch a b.c\n#search d\noptions x\n",
          "web.a. web.b.c. web. ");
    names("web", NULL, "domain here\r\nsearch", "web.here. web. ");
    names("web", NULL, "search .\nsearching x\nsearch\n", "web. web. ");
    names("web", NULL, "", "web. ");
}

static void a_suffix_that_makes_it_too_long_is_left_out(void **state)
{
    char suffix[300];
    char name[300];
    struct words out = WORDS_INIT;
    (void)state;
    memset(suffix, 'x', sizeof suffix - 1);
    suffix[sizeof suffix - 1] = '\0';
    names("web", suffix, "", "web. ");
    memcpy(name, suffix, sizeof name);
    assert_int_equal(dns_names(name, "a", "", &out), 0);
    assert_int_equal(out.count, 1);
    assert_string_equal(out.item[0], name);
    words_release(&out);
}

static const char hosts[] = "127.0.0.1 localhost\n"
                            "::1\tlocalhost ip6-localhost # web\n"
                            "10.0.0.1   db.lan DB\r\n"
                            "   10.0.0.2 db\n"
                            "# 10.0.0.3 db\n"
                            "10.0.0.256 db\n"
                            "10.0.0.4\n"
                            "\n"
                            "0:0::F last.";

static void look_up(const char *name, int family, const char *expected)
{
    struct words out = WORDS_INIT;
    assert_int_equal(dns_hosts(hosts, name, family, &out), 0);
    are(&out, expected);
}

static void lines_of_a_hosts_file(void **state)
{
    (void)state;
    look_up("localhost", AF_INET, "127.0.0.1 ");
    look_up("localhost.", AF_INET6, "::1 ");
    look_up("LOCALHOST", AF_INET, "127.0.0.1 ");
    look_up("db", AF_INET, "10.0.0.1 10.0.0.2 ");
    look_up("db.lan", AF_INET, "10.0.0.1 ");
    look_up("db.la", AF_INET, "");
    look_up("db", AF_INET6, "");
    look_up("web", AF_INET6, "");
    look_up("last", AF_INET6, "::f ");
    look_up("10.0.0.4", AF_INET, "");
    look_up("127.0.0.1", AF_INET, "");
}

/* An answer to a question for "a.b", type A, whose records follow. */
#define HEAD(flags, answers) "\x12\x34\x81" flags "\0\x01\0" answers "\0\0\0\0\1a\1b\0\0\1\0\1"
#define RECORD(type, size, data) "\xc0\x0c\0" type "\0\x01\0\0\0\x3c\0" size data

static void answers(const void *packet, size_t length, int family, int outcome,
                    const char *expected, const char *reason)
{
    struct words out = WORDS_INIT;
    const char *why = NULL;
    unsigned char *copy = exact_copy(packet, length);
    assert_int_equal(dns_answer(copy, length, family, &out, &why), outcome);
    if (reason != NULL)
        assert_string_equal(why, reason);
    are(&out, expected);
    free(copy);
}

#define ANSWERS(packet, ...) answers(packet, sizeof packet - 1, __VA_ARGS__)

static void records_become_addresses(void **state)
{
    static const char two[] =
        HEAD("\x80", "\2") RECORD("\1", "\4", "\x0a\0\0\1") RECORD("\1", "\4", "\x0a\0\0\2");
    static const char alias[] =
        HEAD("\x80", "\2") RECORD("\5", "\2", "\xc0\x0c") RECORD("\1", "\4", "\x0a\0\0\3");
    static const char six[] =
        HEAD("\x80", "\1") RECORD("\x1c", "\x10", "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7");
    (void)state;
    ANSWERS(two, AF_INET, DNS_FOUND, "10.0.0.1 10.0.0.2 ", NULL);
    ANSWERS(alias, AF_INET, DNS_FOUND, "10.0.0.3 ", NULL);
    ANSWERS(six, AF_INET6, DNS_FOUND, "fd00::7 ", NULL);
    ANSWERS(two, AF_INET6, DNS_NOTHING, "", NULL);
}

static void a_name_without_addresses(void **state)
{
    static const char empty[] = HEAD("\x80", "\0");
    static const char alias[] = HEAD("\x80", "\1") RECORD("\5", "\2", "\xc0\x0c");
    static const char size[] = HEAD("\x80", "\1") RECORD("\1", "\5", "\x0a\0\0\1\1");
    (void)state;
    ANSWERS(empty, AF_INET, DNS_NOTHING, "", NULL);
    ANSWERS(alias, AF_INET, DNS_NOTHING, "", NULL);
    ANSWERS(size, AF_INET, DNS_NOTHING, "", NULL);
}

static void refusals_have_a_reason(void **state)
{
    static const char none[] = HEAD("\x83", "\0");
    static const char broken[] = HEAD("\x82", "\0");
    static const char refused[] = HEAD("\x85", "\0");
    static const char odd[] = HEAD("\x81", "\0");
    char cut[] = HEAD("\x80", "\0");
    (void)state;
    ANSWERS(none, AF_INET, DNS_FAILED, "", "no such name");
    ANSWERS(broken, AF_INET, DNS_FAILED, "", "the server failed");
    ANSWERS(refused, AF_INET, DNS_FAILED, "", "the server refused");
    ANSWERS(odd, AF_INET, DNS_FAILED, "", "the server did not understand");
    cut[2] = '\x83';
    ANSWERS(cut, AF_INET, DNS_FAILED, "", "the answer was cut short");
}

static void any_bytes_are_survived(void **state)
{
    static const char whole[] =
        HEAD("\x80", "\2") RECORD("\1", "\4", "\x0a\0\0\1") RECORD("\1", "\4", "\x0a\0\0\2");
    static const char loop[] = "\x12\x34\x81\x80\0\0\0\1\0\0\0\0\xc0\x0c\0\1\0\1\0\0\0\0\0\4abcd";
    (void)state;
    /* The last record begins 16 bytes before the end: what is whole before a cut counts. */
    for (size_t n = 0; n < sizeof whole - 1 - 16; n++)
        answers(whole, n, AF_INET, DNS_FAILED, "", "malformed answer");
    for (size_t n = sizeof whole - 1 - 16; n < sizeof whole - 1; n++)
        answers(whole, n, AF_INET, DNS_FOUND, "10.0.0.1 ", NULL);
    for (size_t at = 12; at < sizeof whole - 1; at++)
        for (int byte = 0; byte < 256; byte++) {
            char changed[sizeof whole];
            struct words out = WORDS_INIT;
            const char *why;
            memcpy(changed, whole, sizeof whole);
            changed[at] = (char)byte;
            int outcome =
                dns_answer((unsigned char *)changed, sizeof whole - 1, AF_INET, &out, &why);
            assert_in_range(outcome, DNS_FOUND, DNS_FAILED);
            words_release(&out);
        }
    struct words out = WORDS_INIT;
    const char *why;
    dns_answer((const unsigned char *)loop, sizeof loop - 1, AF_INET, &out, &why);
    words_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_alone_is_a_full_name),
        cmocka_unit_test(suffixes_come_first),
        cmocka_unit_test(a_suffix_that_makes_it_too_long_is_left_out),
        cmocka_unit_test(lines_of_a_hosts_file),
        cmocka_unit_test(records_become_addresses),
        cmocka_unit_test(a_name_without_addresses),
        cmocka_unit_test(refusals_have_a_reason),
        cmocka_unit_test(any_bytes_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
