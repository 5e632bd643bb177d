/* What a report shows of some services, and the list of what it masked. */
#include "command/overlog/report.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *const all[] = {NULL};

static struct report make(char *const *names)
{
    return (struct report){.names = names, .mask = MASK_INIT, .found = calloc(4, 1)};
}

static void add(struct report *r, const char *name, const char *text)
{
    struct str copy = STR_INIT;
    assert_int_equal(str_add_text(&copy, text), 0);
    report_add(r, name, &copy);
}

/* Lines are those of the text as it is in the archive. */
static void lines_of_a_cut_text(void **state)
{
    struct report r = make(all);
    struct str text = STR_INIT;
    (void)state;
    assert_int_equal(str_add_text(&text, "first\npassword=hunter2\n"), 0);
    while (text.length < 5 << 20)
        assert_int_equal(str_add_text(&text,
                                      "................................................."
                                      "..................................................\n"),
                         0);
    assert_int_equal(str_add_text(&text, "DB_PASSWORD=hunter3\n"), 0);
    report_add(&r, "logs/web.txt", &text);
    add(&r, "logs/a.txt", "\npassword=hunter2\n");
    assert_int_equal(report_mask(&r), 0);
    assert_int_equal(r.count, 3);
    assert_int_equal(r.masked, 2);
    unsigned long lines = 0;
    for (const char *at = r.file[0].text.data; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_true(r.file[0].text.length <= 4 << 20);
    assert_non_null(strstr(r.file[0].text.data, "\nDB_PASSWORD=" MASKED "\n"));
    struct str expected = STR_INIT;
    str_printf(&expected,
               "logs/web.txt:%lu: value of DB_PASSWORD\nlogs/a.txt:2: value of password\n", lines);
    assert_string_equal(r.file[2].text.data, expected.data);
    str_release(&expected);
    report_release(&r);
}

/* What is hidden is left out, and its secrets are known. */
static void hidden(void **state)
{
    struct report r = make(all);
    (void)state;
    r.hiding = true;
    add(&r, "definitions/other/run", "API_TOKEN=hunter2\n");
    r.hiding = false;
    add(&r, "status.txt", "it is hunter2\n");
    assert_int_equal(report_mask(&r), 0);
    assert_int_equal(r.count, 2);
    assert_string_equal(r.file[0].name, "status.txt");
    assert_string_equal(r.file[0].text.data, "it is " MASKED "\n");
    report_release(&r);
}

static void cut(char *const *names, const char *text, const char *shown)
{
    struct report r = make(names);
    struct str in = STR_INIT, out = STR_INIT;
    assert_int_equal(str_add_text(&in, text), 0);
    assert_int_equal(report_cut_conf(&r, &in, &out), shown != NULL);
    assert_string_equal(out.data == NULL ? "" : out.data, shown == NULL ? "" : shown);
    assert_int_equal(r.found[0], shown != NULL);
    str_release(&in);
    str_release(&out);
    report_release(&r);
}

static void sections(void **state)
{
    static char web[] = "web", w1[] = "worker-1", worker[] = "worker", no[] = "no", some[] = "w*";
    static const char text[] = "# head\n\n# of web\n# too\n[web]\nrun = web\n  more\n\n"
                               "# of worker\n[worker@]\nrun = w\n[db]\nrun = db";
    (void)state;
    cut((char *[]){web, NULL}, text, "# head\n\n# of web\n# too\n[web]\nrun = web\n  more\n\n");
    cut((char *[]){w1, NULL}, text, "# head\n\n# of worker\n[worker@]\nrun = w\n");
    cut((char *[]){worker, NULL}, text, "# head\n\n# of worker\n[worker@]\nrun = w\n");
    cut((char *[]){some, NULL}, text,
        "# head\n\n# of web\n# too\n[web]\nrun = web\n  more\n\n# of worker\n[worker@]\nrun = w\n");
    cut((char *[]){no, NULL}, text, NULL);
    cut((char *[]){no, NULL}, "", NULL);
    cut((char *[]){web, NULL}, "[web]", "[web]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines_of_a_cut_text),
                                       cmocka_unit_test(hidden), cmocka_unit_test(sections)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
