/* logcat -l of log directories whose files say what cannot be. The sanitizers watch the numbers. */
#include "base/file.h"
#include "base/message.h"
#include "logcat/list.h"
#include "tests/unit/rotate/member.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/overlog-list-XXXXXX";
static struct error err;

static int make_root(void **state)
{
    char path[200];
    (void)state;
    if (mkdtemp(root) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/web", root);
    return mkdir(path, 0755);
}

static int remove_root(void **state)
{
    (void)state;
    return file_remove_tree(AT_FDCWD, root, &err);
}

static const char *at(const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/web/%s", root, name);
    return path;
}

static void put_member(const char *name, const struct bgzf_index *index, const char *text)
{
    static unsigned char member[BGZF_MEMBER_MAX];
    struct str out = STR_INIT;
    long size = member_make(text, strlen(text), 6, index, member);
    assert_true(size > 0);
    assert_int_equal(str_add(&out, member, (size_t)size), 0);
    assert_int_equal(str_add(&out, bgzf_end, sizeof bgzf_end), 0);
    assert_int_equal(file_write(AT_FDCWD, at(name), out.data, out.length, 0644, &err), 0);
    str_release(&out);
}

static void is_listed(const char *part)
{
    struct str out = STR_INIT;
    struct logdirs r = {.root = root, .wanted = (char *[]){NULL}};
    struct logdirs_list list = {.matches = 0};
    assert_int_equal(logdirs_find(&r, &list, NULL, &err), 0);
    assert_int_equal(list.names.count, 1);
    assert_true(list_services(&r, &list, true, 0, &out));
    assert_non_null(strstr(out.data, part));
    logdirs_release(&list);
    str_release(&out);
}

static void crafted_numbers(void **state)
{
    static const char name[] = "@400000006b0448090f08d3c9.s.gz";
    static const struct bgzf_index crafted[] = {
        {{INT64_MIN, 0}, {INT64_MAX, 999999999}, UINT32_MAX, false},
        {{INT64_MAX, 0}, {INT64_MIN, 0}, 1, false},
        {{-62167219200, 0}, {253402300799, 999999999}, 65280, false},
        {{253402300799, 0}, {-62167219200, 0}, 1, false},
        {{2, 0}, {1, 0}, 1, false},
    };
    static const char *const texts[] = {
        "2096-12-31T23:59:59.999999999Z stdout F late\n",
        "9999-12-31T23:59:59.999999999Z stdout F last\n",
        "0000-01-01T00:00:00.000000000Z stdout F first\n",
        "@7fffffffffffffff3b9ac9ff far\n",
        "@00000000000000003b9ac9ff before\n",
        "without a stamp\n",
    };
    (void)state;
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < 6; k++) {
            put_member(name, &crafted[i], texts[k]); /* counted where current is not much newer */
            assert_int_equal(
                file_write(AT_FDCWD, at("current"), texts[5 - i], strlen(texts[5 - i]), 0644, &err),
                0);
            is_listed("web ");
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(crafted_numbers, make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
