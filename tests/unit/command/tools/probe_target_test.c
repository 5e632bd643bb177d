/* The words that probe is asked about. */
#include "command/tools/probe_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void text_is(const char *text, const char *wanted)
{
    if (wanted == NULL)
        assert_null(text);
    else
        assert_string_equal(text, wanted);
}

static void good(const char *word, const struct probe_target *wanted)
{
    struct probe_target t;
    struct error e = ERROR_INIT;
    if (probe_target_parse(&t, word, &e) < 0)
        fail_msg("%s: %s", word, e.text);
    assert_int_equal(t.kind, wanted->kind);
    assert_ptr_equal(t.word, word);
    text_is(t.host, wanted->host);
    text_is(t.port, wanted->port);
    text_is(t.authority, wanted->authority);
    text_is(t.path, wanted->path);
    text_is(t.uri, wanted->uri);
    text_is(t.service, wanted->service);
    text_is(t.pattern, wanted->pattern);
    probe_target_release(&t);
}

#define HTTP(h, p, a, u)                                                                           \
    (&(struct probe_target){                                                                       \
        .kind = PROBE_HTTP, .host = (h), .port = (p), .authority = (a), .uri = (u)})

static void http(void **state)
{
    (void)state;
    good("http://localhost", HTTP("localhost", "80", "localhost", "/"));
    good("http://localhost/", HTTP("localhost", "80", "localhost", "/"));
    good("http://a:8080/x/y?z=1:2", HTTP("a", "8080", "a:8080", "/x/y?z=1:2"));
    good("http://a:8080?z", HTTP("a", "8080", "a:8080", "/?z"));
    good("http://a/x#part", HTTP("a", "80", "a", "/x"));
    good("http://a#part", HTTP("a", "80", "a", "/"));
    good("http://[::1]/", HTTP("::1", "80", "[::1]", "/"));
    good("http://[fe80::1%eth0]:81/h", HTTP("fe80::1%eth0", "81", "[fe80::1%eth0]:81", "/h"));
    good("http+unix:/run/app.sock:/health?a", &(struct probe_target){.kind = PROBE_HTTP_UNIX,
                                                                     .path = "/run/app.sock",
                                                                     .authority = "localhost",
                                                                     .uri = "/health?a"});
    good("http+unix:@app",
         &(struct probe_target){
             .kind = PROBE_HTTP_UNIX, .path = "@app", .authority = "localhost", .uri = "/"});
}

static void others(void **state)
{
    (void)state;
    good("tcp:db:5432", &(struct probe_target){.kind = PROBE_TCP, .host = "db", .port = "5432"});
    good("tcp:[::1]:1", &(struct probe_target){.kind = PROBE_TCP, .host = "::1", .port = "1"});
    good("unix:/run/x:y", &(struct probe_target){.kind = PROBE_UNIX, .path = "/run/x:y"});
    good("file:/a b", &(struct probe_target){.kind = PROBE_FILE, .path = "/a b"});
    good("pid:x.pid", &(struct probe_target){.kind = PROBE_PID, .path = "x.pid"});
    good("service:web", &(struct probe_target){.kind = PROBE_SERVICE, .service = "web"});
    good("log:web:^ready: [0-9]+",
         &(struct probe_target){.kind = PROBE_LOG, .service = "web", .pattern = "^ready: [0-9]+"});
}

static void bad(const char *word, const char *part)
{
    struct probe_target t;
    struct error e = ERROR_INIT;
    assert_int_equal(probe_target_parse(&t, word, &e), -1);
    assert_int_equal(e.code, EXIT_USAGE);
    if (strstr(e.text, part) == NULL || strstr(e.text, word) != e.text)
        fail_msg("%s: %s", word, e.text);
}

static void refused(void **state)
{
    char word[300] = "unix:";
    (void)state;
    memset(word + 5, 'x', 108);
    bad("", "a target is");
    bad("web", "a target is");
    bad("HTTP://a/", "a target is");
    bad("http:/a", "a target is");
    bad("https://a/", "no TLS");
    bad("https+unix:/s:/", "no TLS");
    bad("tls:a:1", "no TLS");
    bad("http://", "no host");
    bad("http:///x", "no host");
    bad("http://:80/", "no host");
    bad("http://[]/", "no host");
    bad("http://::1/", "in brackets");
    bad("http://[::1/", "not closed");
    bad("http://[::1]80/", ":PORT");
    bad("http://u:p@h/", "--header");
    bad("http://a:0/", "65535");
    bad("http://a:65536/", "65535");
    bad("http://a:/", "65535");
    bad("http://a:x/", "65535");
    bad("http://a/\r\nX: y", "%20");
    bad("http://a/b c", "%20");
    bad("http+unix:/s:/\n", "%20");
    bad("http+unix::/", "no socket");
    bad("tcp:db", "no port");
    bad("tcp::1", "no host");
    bad("tcp:1:2:3", "in brackets");
    bad("unix:", "no socket");
    bad(word, "107");
    bad("file:", "no path");
    bad("pid:", "no path");
    bad("service:", "no name");
    bad("log:web", "log:SERVICE:REGEX");
    bad("log:web:", "log:SERVICE:REGEX");
    bad("log::x", "log:SERVICE:REGEX");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http),
        cmocka_unit_test(others),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
