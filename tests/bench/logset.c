/* Makes the log directories that bench/logcat.py reads: the same bytes each time.
 *   logset DIRECTORY SERVICES ARCHIVES BYTES
 * Each service has that many archives of that many bytes of text, and a current half as long; all
 * together they cover one day. Half of the work is done by a second process. */
#include "base/clock.h"
#include "logger/stamp.h"
#include "rotate/archive.h"
#include "rotate/bgzf.h"
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BEGIN = 1795392000 /* 2026-11-23T00:00:00Z */, DAY = 86400 };

static uint64_t state;

/* A quarter of the services write JSON, a quarter the combined log format. */
static enum { PLAIN, JSON, COMBINED } form;

static unsigned int random_below(unsigned int n)
{
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned int)((state >> 33) % n);
}

static int write_line(char *out, const struct timespec *t)
{
    static const char *const paths[] = {"api/v1/orders", "static/app.js", "login", "img/logo.png"};
    unsigned int kind = random_below(1000);
    size_t n = stamp_format(out, STAMP_CRI, t, kind < 20 ? STREAM_ERR : STREAM_OUT, 0);
    char *text = out + n;
    if (kind < 1)
        n += (size_t)sprintf(text, "ERROR upstream timed out after %u ms, request %08x\n",
                             random_below(60000), random_below(1U << 30));
    else if (kind < 20)
        n += (size_t)sprintf(text, "warning: pool www seems busy, %u children\n", random_below(64));
    else if (form == JSON)
        n += (size_t)sprintf(text,
                             "{\"level\":%u,\"pid\":7,\"msg\":\"request done\",\"path\":\"/%s\","
                             "\"user\":{\"id\":%u},\"status\":%u,\"took\":%u.5}\n",
                             random_below(50) ? 30 : 40, paths[random_below(4)],
                             random_below(1000000), random_below(50) ? 200 : 502,
                             random_below(1000));
    else if (form == COMBINED)
        n += (size_t)sprintf(text,
                             "10.0.%u.%u - - [23/Nov/2026:10:55:40 +0000] \"GET /%s?id=%u "
                             "HTTP/1.1\" %u %u \"-\" \"curl/8.%u.0\"\n",
                             random_below(256), random_below(256), paths[random_below(4)],
                             random_below(1000000), random_below(50) ? 200 : 502,
                             random_below(100000), random_below(9));
    else
        n += (size_t)sprintf(text,
                             "10.%u.%u.%u - - \"GET /%s?id=%u HTTP/1.1\" %u %u \"Mozilla/5.0 (X11; "
                             "Linux x86_64; rv:%u.0)\"\n",
                             random_below(4), random_below(256), random_below(256),
                             paths[random_below(4)], random_below(1000000),
                             random_below(50) ? 200 : 404, random_below(100000),
                             100 + random_below(30));
    return (int)n;
}

/* One file that begins at *t; *t is then its last line's time. */
static void write_text(const char *path, size_t bytes, int64_t step, struct timespec *t)
{
    char line[512];
    FILE *f = fopen(path, "w");
    for (size_t size = 0; size < bytes && f;) {
        int64_t ns = t->tv_nsec + step / 2 + (int64_t)random_below((unsigned int)step);
        t->tv_sec += ns / CLOCK_SECOND;
        t->tv_nsec = ns % CLOCK_SECOND;
        int n = write_line(line, t);
        fwrite(line, 1, (size_t)n, f);
        size += (size_t)n;
    }
    if (!f || fclose(f) != 0) {
        perror(path);
        _exit(111);
    }
}

static void compress(const char *from, const char *to)
{
    struct error e = ERROR_INIT;
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (in < 0 || out < 0 || bgzf_compress(in, out, 6, stamp_index, &e) < 0) {
        perror(to);
        _exit(111);
    }
    close(in);
    close(out);
    unlink(from);
}

static void write_service(const char *root, int number, int archives, size_t bytes)
{
    char directory[512], path[600], to[600], name[ARCHIVE_NAME_MAX];
    struct timespec t = {BEGIN, number * 1000000};
    /* About 138 bytes a line. */
    double lines = ((double)archives + 0.5) * (double)bytes / 138;
    int64_t step = (int64_t)((double)DAY / lines * 1e9);
    state = (uint64_t)number * 7919 + 1;
    form = number % 4 == 1 ? JSON : number % 4 == 2 ? COMBINED : PLAIN;
    snprintf(directory, sizeof directory, "%s/service%03d", root, number);
    mkdir(directory, 0755);
    snprintf(path, sizeof path, "%s/plain", directory);
    for (int i = 0; i < archives; i++) {
        write_text(path, bytes, step, &t);
        archive_name(name, &t, false, true);
        snprintf(to, sizeof to, "%s/%s", directory, name);
        compress(path, to);
    }
    snprintf(path, sizeof path, "%s/current", directory);
    write_text(path, bytes / 2, step, &t);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 100;
    int services = atoi(argv[2]), status = 0;
    mkdir(argv[1], 0755);
    pid_t child = fork();
    for (int i = child == 0; i < services; i += 2)
        write_service(argv[1], i, atoi(argv[3]), (size_t)atol(argv[4]));
    if (child > 0)
        waitpid(child, &status, 0);
    return status == 0 ? 0 : 111;
}
