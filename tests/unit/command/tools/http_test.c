/* A question by HTTP and the answer to it, cut in every way. */
#include "command/tools/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* Gives the answer in pieces of that size. Whether it is whole. */
static bool read_in(struct http_answer *a, const char *answer, size_t piece, const char *wanted)
{
    size_t length = strlen(answer);
    bool more = true;
    http_begin(a, wanted);
    for (size_t i = 0; i < length && more; i += piece)
        more = http_take(a, answer + i, length - i < piece ? length - i : piece);
    return more ? http_end(a) : a->part == HTTP_DONE;
}

static void gives(const char *answer, const char *wanted, bool whole, int status, bool found)
{
    for (size_t piece = 1; piece <= strlen(answer); piece++) {
        struct http_answer a;
        bool is_whole = read_in(&a, answer, piece, wanted);
        if (is_whole != whole || (whole && (a.status != status || a.found != found)))
            fail_msg("in pieces of %zu: %s", piece, answer);
        http_release(&a);
    }
}

static void statuses(void **state)
{
    struct http_answer a;
    (void)state;
    gives("HTTP/1.1 200 OK\r\n\r\n", NULL, true, 200, true);
    gives("HTTP/1.0 503 Service Unavailable\n\n", NULL, true, 503, true);
    gives("HTTP/1.1 404\r\nA: b\r\n\r\nrest", NULL, true, 404, true);
    gives("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nContent-Length: 5\r\n\r\n"
          "HTTP/1.1 204 No Content\r\n\r\n",
          "x", true, 204, false);
    gives("HTTP/1.1 101 Switching Protocols\r\n\r\n", "x", true, 101, false);
    gives("HTTP/1.1 200 \r\nContent-Length: 5 \r\nTransfer-Encoding: chunked\t \r\n\r\n5 "
          "\r\nhello\r\n0\r\n",
          "hello", true, 200, true);
    gives("HTTP/1.1 20", NULL, false, 0, false);
    gives("HTTP/1.1 200 OK\r\nA: b\r\n", NULL, false, 0, false);
    gives("HTTP/2 200\r\n\r\n", NULL, false, 0, false);
    gives("HTTP/1.1 20 OK\r\n\r\n", NULL, false, 0, false);
    gives("HTTP/1.1 2000 OK\r\n\r\n", NULL, false, 0, false);
    gives("HTTP/1.1 099 OK\r\n\r\n", NULL, false, 0, false);
    gives("HTTP/1.1 200OK\r\n\r\n", NULL, false, 0, false);
    gives("SSH-2.0-OpenSSH_9.2\r\n", NULL, false, 0, false);
    gives("\x15\x03\x01\r\n", NULL, false, 0, false);
    assert_true(read_in(&a, "HTTP/1.1 418 I'm a teapot\r\n\r\n", 7, NULL));
    assert_string_equal(a.reason, "I'm a teapot");
    http_release(&a);
}

static void bodies(void **state)
{
    (void)state;
    /* Up to the end of the connection, of a known size, in chunks. */
    gives("HTTP/1.1 200 OK\r\n\r\nall is well\n", "is well", true, 200, true);
    gives("HTTP/1.1 200 OK\r\n\r\nall is w", "is well", true, 200, false);
    gives("HTTP/1.1 200 OK\r\ncontent-LENGTH:  5\r\n\r\naabab", "abab", true, 200, true);
    gives("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\naababab", "abab", true, 200, false);
    gives("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\naab", "abab", false, 200, false);
    gives("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nabab", "abab", true, 200, false);
    gives("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabab", "abab", false, 0, false);
    gives("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          "3;ext=1\r\nall\r\nA\r\n is well..\r\n0\r\n\r\n",
          "l is well", true, 200, true);
    gives("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: Chunked\r\n\r\n"
          "3\r\nall\r\n0\r\nX: all is\r\n\r\n",
          "all is", true, 200, false);
    gives("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nal", "all", false, 200, false);
    gives("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "all", false, 0, false);
    gives("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "all", false, 0,
          false);
    gives("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1111111111111111\r\n", "all", false,
          0, false);
    gives("HTTP/1.1 200 OK\r\n\r\n", "", true, 200, true);
}

/* The rest of a long line is passed over, and does not become another header. */
static void long_lines(void **state)
{
    char answer[3000] = "HTTP/1.1 200 OK\r\nX: ";
    size_t n = strlen(answer);
    (void)state;
    memset(answer + n, 'y', 2000);
    strcpy(answer + n + 2000, "Content-Length: x\r\nContent-Length: 2\r\n\r\nok");
    for (size_t piece = 1; piece < 1000; piece += 97) {
        struct http_answer a;
        assert_true(read_in(&a, answer, piece, "ok"));
        assert_true(a.found);
        http_release(&a);
    }
}

static void requests(void **state)
{
    struct str out = STR_INIT;
    struct words headers = WORDS_INIT;
    (void)state;
    assert_int_equal(http_request(&out, "/a?b", "h:81", &headers), 0);
    assert_string_equal(out.data, "GET /a?b HTTP/1.1\r\nHost: h:81\r\nUser-Agent: overlog-probe\r\n"
                                  "Accept: */*\r\nConnection: close\r\n\r\n");
    str_clear(&out);
    words_add(&headers, "X-A: 1");
    words_add(&headers, "hOST: other");
    assert_int_equal(http_request(&out, "/", "h", &headers), 0);
    assert_string_equal(out.data, "GET / HTTP/1.1\r\nX-A: 1\r\nhOST: other\r\n"
                                  "User-Agent: overlog-probe\r\nAccept: */*\r\n"
                                  "Connection: close\r\n\r\n");
    str_release(&out);
    words_release(&headers);
    assert_true(http_is_header("A: b"));
    assert_true(http_is_header("A:"));
    assert_false(http_is_header("A"));
    assert_false(http_is_header(": b"));
    assert_false(http_is_header("A b: c"));
    assert_false(http_is_header("A: b\r\nC: d"));
}

static void lists(void **state)
{
    static const char *const none[] = {"",     "2",    "20",      "2000", "2x",  "6xx",  "200,",
                                       ",200", "200-", "300-200", "20x",  "abc", "200 ", "099"};
    (void)state;
    assert_int_equal(http_status_in("200", 200), 1);
    assert_int_equal(http_status_in("200", 201), 0);
    assert_int_equal(http_status_in("2xx,3xx", 304), 1);
    assert_int_equal(http_status_in("2xx,3xx", 400), 0);
    assert_int_equal(http_status_in("404,200-204", 203), 1);
    assert_int_equal(http_status_in("404,200-204", 205), 0);
    assert_int_equal(http_status_in("401-4xx", 499), 1);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        if (http_status_in(none[i], 200) != -1)
            fail_msg("%s", none[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses), cmocka_unit_test(bodies), cmocka_unit_test(long_lines),
        cmocka_unit_test(requests), cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
