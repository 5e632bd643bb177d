/* s6-ps: processes as /proc tells of them. Each field is a row; a cell is text, columns are as wide
 * as their widest. */
#include "base/account.h"
#include "base/clock.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/zone.h"
#include "command/commands.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* Numbers of /proc/PID/stat behind the state, from 0. */
enum {
    PPID = 0,
    PGRP,
    SESSION,
    TTY,
    TPGID,
    FLAGS,
    MINFLT,
    CMINFLT,
    MAJFLT,
    CMAJFLT,
    UTIME,
    STIME,
    CUTIME,
    CSTIME,
    PRIORITY,
    NICE,
    THREADS,
    START = 18,
    VSIZE,
    RSS,
    RSSLIMIT,
    CPU = 35,
    RTPRIO,
    POLICY,
    NUMBERS,
    /* What is made of them. */
    PID = 64,
    COMM,
    STATE,
    USER,
    GROUP,
    WCHAN,
    ARGS,
    ENV,
    TSTART,
    TERMINAL,
    STARTED,
    POLICY_NAME,
    MEMORY,
    KILOBYTES,
    PAGES,
    TICKS,
    PERCENT,
};

enum { FILE_MAX = 1 << 20, FIELDS_MAX = 36, DEFAULT_SPACING = 2, SPACING_MAX = 256 };

static const struct field {
    char name[8];
    char title[9];
    unsigned char kind; /* below NUMBERS: that number */
    unsigned char from; /* of KILOBYTES, PAGES, TICKS and PERCENT: the first number */
    unsigned char sum;  /* how many there are to add */
    bool left;
} fields[] = {{"pid", "PID", PID, 0, 0, 0},
              {"comm", "COMM", COMM, 0, 0, 1},
              {"s", "STAT", STATE, 0, 0, 1},
              {"ppid", "PPID", PPID, 0, 0, 0},
              {"pgrp", "PGRP", PGRP, 0, 0, 0},
              {"sess", "SESSION", SESSION, 0, 0, 0},
              {"tty", "TTY", TERMINAL, 0, 0, 1},
              {"tpgid", "TPGID", TPGID, 0, 0, 0},
              {"minflt", "MINFLT", MINFLT, 0, 0, 0},
              {"cminflt", "CMINFLT", CMINFLT, 0, 0, 0},
              {"majflt", "MAJFLT", MAJFLT, 0, 0, 0},
              {"cmajflt", "CMAJFLT", CMAJFLT, 0, 0, 0},
              {"utime", "UTIME", TICKS, UTIME, 1, 0},
              {"stime", "STIME", TICKS, STIME, 1, 0},
              {"cutime", "CUTIME", TICKS, CUTIME, 1, 0},
              {"cstime", "CSTIME", TICKS, CSTIME, 1, 0},
              {"prio", "PRIO", PRIORITY, 0, 0, 0},
              {"nice", "NICE", NICE, 0, 0, 0},
              {"thcount", "THREADS", THREADS, 0, 0, 0},
              {"start", "START", STARTED, 0, 0, 1},
              {"vsize", "VSZ", KILOBYTES, VSIZE, 0, 0},
              {"rss", "RSS", PAGES, RSS, 0, 0},
              {"rsslimit", "RSSLIM", KILOBYTES, RSSLIMIT, 0, 0},
              {"psr", "CPU", CPU, 0, 0, 0},
              {"rtprio", "RTPRIO", RTPRIO, 0, 0, 0},
              {"policy", "RTPOLICY", POLICY_NAME, 0, 0, 1},
              {"user", "USER", USER, 0, 0, 1},
              {"group", "GROUP", GROUP, 0, 0, 1},
              {"pmem", "%MEM", MEMORY, 0, 0, 0},
              {"wchan", "WCHAN", WCHAN, 0, 0, 1},
              {"args", "COMMAND", ARGS, 0, 0, 1},
              {"env", "ENV", ENV, 0, 0, 1},
              {"pcpu", "%CPU", PERCENT, UTIME, 2, 0},
              {"ttime", "TTIME", TICKS, UTIME, 2, 0},
              {"cttime", "CTTIME", TICKS, UTIME, 4, 0},
              {"tstart", "TSTART", TSTART, 0, 0, 1},
              {"cpcpu", "C%CPU", PERCENT, UTIME, 4, 0}};

struct task {
    int pid;
    int depth; /* in the tree; -1: not placed yet */
    uid_t uid;
    gid_t gid;
    char comm[64];
    char state;
    long long number[NUMBERS];
};

struct listing {
    const struct field *field[FIELDS_MAX + 1];
    int count;
    struct task *task;
    size_t tasks;
    size_t *order;
    size_t placed;
    int64_t now; /* since boot, ns */
    struct timespec boot;
    int64_t page;  /* bytes */
    int64_t ticks; /* of the kernel's clock in a second */
};

static int read_proc(int pid, const char *name, struct str *text)
{
    char path[64];
    struct error e = ERROR_INIT;
    str_clear(text);
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return file_read(AT_FDCWD, path, FILE_MAX, text, &e);
}

/* "PID (COMM) S 1 2 3 ...", where COMM may hold anything. */
static int read_task(int pid, struct task *t, struct str *text)
{
    char path[32];
    struct stat st;
    if (read_proc(pid, "stat", text) < 0)
        return -1;
    char *open = strchr(text->data, '(');
    char *close = strrchr(text->data, ')');
    snprintf(path, sizeof path, "/proc/%d", pid);
    if (open == NULL || close == NULL || close[1] == '\0' || stat(path, &st) < 0)
        return -1;
    *t = (struct task){.pid = pid, .depth = -1, .uid = st.st_uid, .gid = st.st_gid};
    snprintf(t->comm, sizeof t->comm, "%.*s", (int)(close - open - 1), open + 1);
    t->state = close[2];
    char *next = close + 3;
    for (int i = 0; i < NUMBERS; i++)
        t->number[i] = (long long)strtoull(next, &next, 10);
    return 0;
}

static int read_tasks(struct listing *l)
{
    struct words names = WORDS_INIT;
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    if (file_list(AT_FDCWD, "/proc", &names, &e) < 0)
        return message_error(&e);
    l->task = calloc(names.count + 1, sizeof *l->task);
    l->order = calloc(names.count + 1, sizeof *l->order);
    if (l->task == NULL || l->order == NULL)
        return fail("read", "/proc");
    for (size_t i = 0; i < names.count; i++) {
        unsigned long long pid;
        if (number_parse(names.item[i], 0x7fffffff, &pid) == 0 &&
            read_task((int)pid, &l->task[l->tasks], &text) == 0)
            l->tasks++;
    }
    words_release(&names);
    str_release(&text);
    return 0;
}

static int by_pid(const void *a, const void *b)
{
    return ((const struct task *)a)->pid - ((const struct task *)b)->pid;
}

/* parent's children, and theirs, behind what is placed. What the kernel runs is below 2. */
static void place_below(struct listing *l, int parent, int depth)
{
    for (size_t i = 0; i < l->tasks; i++) {
        struct task *t = &l->task[i];
        if (t->depth >= 0 || (parent >= 0 && t->number[PPID] != parent) ||
            (parent == 0 && t->pid != 2 && l->placed == 0))
            continue;
        t->depth = depth;
        l->order[l->placed++] = i;
        place_below(l, t->pid, depth + 1);
    }
}

/* --- cells --- */

static int put_time(struct str *out, const struct listing *l, unsigned long long ticks)
{
    unsigned long long second = (unsigned long long)l->ticks;
    unsigned long long s = ticks / second;
    if (s < 60)
        return str_printf(out, "%02llu.%02llus", s, ticks % second * 100 / second);
    if (s < 3600)
        return str_printf(out, "%02llum%02llus", s / 60, s % 60);
    if (s < 86400)
        return str_printf(out, "%02lluh%02llum", s / 3600, s / 60 % 60);
    return str_printf(out, "%llud%02lluh", s / 86400, s / 3600 % 24);
}

static int put_fraction(struct str *out, unsigned long long part, unsigned long long whole)
{
    unsigned long long value = whole == 0 ? 0 : part * 10000 / whole;
    return str_printf(out, "%llu.%02llu", value / 100, value % 100);
}

static int put_terminal(struct str *out, unsigned int number)
{
    unsigned int major = number >> 8 & 0xfff;
    unsigned int minor = (number & 0xff) | (number >> 12 & 0xfff00);
    if (number == 0)
        return str_add_char(out, '-');
    if (major >= 136 && major < 144)
        return str_printf(out, "pts/%u", minor + (major - 136) * 256);
    if (major == 4)
        return str_printf(out, minor < 64 ? "tty%u" : "ttyS%u", minor < 64 ? minor : minor - 64);
    return str_printf(out, "%u:%u", major, minor);
}

static int put_state(struct str *out, const struct task *t)
{
    if (str_add_char(out, t->state) < 0)
        return -1;
    if ((t->number[SESSION] == t->pid || t->number[TPGID] == t->pid) &&
        str_add_char(out, t->number[SESSION] == t->pid ? 's' : '+') < 0)
        return -1;
    return t->number[NICE] == 0 ? 0 : str_add_char(out, t->number[NICE] > 0 ? 'N' : '<');
}

/* Text that others wrote, in one line and without what a terminal obeys. */
static int put_visible(struct str *out, const char *text, size_t length)
{
    size_t begin = out->length;
    if (utf8_visible(text, length, out) < 0)
        return -1;
    for (size_t i = begin; i < out->length; i++)
        if (out->data[i] == '\t')
            out->data[i] = ' ';
    return 0;
}

static int put_comm(struct str *out, const struct task *t)
{
    return put_visible(out, t->comm, strlen(t->comm));
}

/* A file of the process with NUL between words. */
static int put_file(struct str *out, const struct task *t, const char *name)
{
    struct str text = STR_INIT;
    if (read_proc(t->pid, name, &text) < 0) {
        str_release(&text);
        return str_add_char(out, '*');
    }
    while (text.length > 0 && (text.data[text.length - 1] == '\0'))
        text.length--;
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] == '\0')
            text.data[i] = ' ';
    int result = text.length > 0 ? put_visible(out, text.data, text.length)
                 : *name != 'c'  ? str_add_char(out, '-')
                 : str_add_char(out, '(') < 0 || put_comm(out, t) < 0 ? -1
                                                                      : str_add_char(out, ')');
    str_release(&text);
    return result;
}

static int put_account(struct str *out, const struct task *t, bool user)
{
    char name[ACCOUNT_NAME_MAX];
    (user ? account_user_name : account_group_name)(user ? t->uid : t->gid, name);
    return *name != '\0' ? put_visible(out, name, strlen(name))
                         : str_printf(out, "%u", user ? t->uid : t->gid);
}

static int put_start(struct str *out, const struct listing *l, const struct task *t, bool label)
{
    struct timespec at = l->boot;
    char text[CLOCK_TAI64N_LENGTH];
    struct tm tm;
    at.tv_sec += (time_t)(t->number[START] / l->ticks);
    at.tv_nsec += (long)(t->number[START] % l->ticks * (CLOCK_SECOND / l->ticks));
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    if (label) {
        clock_tai64n_format(text, &at);
        return str_add(out, text, sizeof text);
    }
    zone_settle();
    localtime_r(&at.tv_sec, &tm);
    if (clock_wall().tv_sec - at.tv_sec < 86400)
        return str_printf(out, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
    return str_printf(out, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

static int put_indent(struct str *out, int depth)
{
    for (int i = 1; i < depth; i++)
        if (str_add_text(out, "    ") < 0)
            return -1;
    return depth > 0 ? str_add_text(out, " \\_ ") : 0;
}

static int put_cell(struct str *out, const struct listing *l, const struct task *t,
                    const struct field *f)
{
    static const char policies[][7] = {"NORMAL", "FIFO", "RR", "BATCH", "ISO", "IDLE"};
    unsigned long long sum = 0;
    struct sysinfo memory;
    for (int i = 0; i < f->sum; i++)
        sum += (unsigned long long)t->number[f->from + i];
    switch (f->kind) {
    case PID:
        return str_printf(out, "%d", t->pid);
    case COMM:
        return put_indent(out, t->depth) < 0 ? -1 : put_comm(out, t);
    case STATE:
        return put_state(out, t);
    case USER:
    case GROUP:
        return put_account(out, t, f->kind == USER);
    case WCHAN:
        return put_file(out, t, "wchan");
    case ARGS:
        return put_indent(out, t->depth) < 0 ? -1 : put_file(out, t, "cmdline");
    case ENV:
        return put_file(out, t, "environ");
    case STARTED:
    case TSTART:
        return put_start(out, l, t, f->kind == TSTART);
    case TERMINAL:
        return put_terminal(out, (unsigned int)t->number[TTY]);
    case POLICY_NAME:
        return str_add_text(out, policies[t->number[POLICY] < 6 ? t->number[POLICY] : 0]);
    case MEMORY:
        sysinfo(&memory);
        return put_fraction(out, (unsigned long long)(t->number[RSS] * l->page),
                            (unsigned long long)memory.totalram * memory.mem_unit);
    case KILOBYTES:
        return str_printf(out, "%llu", (unsigned long long)t->number[f->from] / 1024);
    case PAGES:
        return str_printf(out, "%llu", (unsigned long long)(t->number[f->from] * l->page / 1024));
    case TICKS:
        return put_time(out, l, sum);
    case PERCENT:
        return put_fraction(
            out, sum, (unsigned long long)(l->now / (CLOCK_SECOND / l->ticks) - t->number[START]));
    default:
        return str_printf(out, "%lld", t->number[f->kind]);
    }
}

/* --- the list --- */

static int read_fields(struct listing *l, const char *list)
{
    for (const char *word = list;; word++) {
        size_t n = strcspn(word, ",");
        size_t i = 0;
        while (i < sizeof fields / sizeof fields[0] &&
               (strnlen(fields[i].name, sizeof fields[i].name) != n ||
                memcmp(fields[i].name, word, n) != 0))
            i++;
        bool known = i < sizeof fields / sizeof fields[0] && l->count < FIELDS_MAX;
        for (int j = 0; known && j < l->count; j++)
            known = l->field[j] != &fields[i];
        if (!known)
            return refuse(-1, "not a field, or given twice: %.*s", (int)n, word);
        l->field[l->count++] = &fields[i];
        word += n;
        if (*word == '\0')
            return 0;
    }
}

static int print_list(const struct listing *l, unsigned int spacing)
{
    struct words cells = WORDS_INIT;
    struct str cell = STR_INIT;
    size_t columns = (size_t)l->count;
    int width[FIELDS_MAX] = {0};
    for (size_t i = 0; i < columns * (l->tasks + 1); i++) {
        const struct field *f = l->field[i % columns];
        str_clear(&cell);
        if ((i < columns ? str_printf(&cell, "%.9s", f->title)
                         : put_cell(&cell, l, &l->task[l->order[i / columns - 1]], f)) < 0 ||
            words_add(&cells, cell.data) < 0)
            return fail("list", "processes");
        int needed = (int)utf8_width(cell.data, cell.length);
        if (needed > width[i % columns])
            width[i % columns] = needed;
    }
    for (size_t i = 0; i < cells.count; i++) {
        bool last = (i + 1) % columns == 0;
        bool left = l->field[i % columns]->left;
        int pad = width[i % columns] - (int)utf8_width(cells.item[i], strlen(cells.item[i]));
        printf("%*s%s%*s", left ? 0 : pad, "", cells.item[i], left && !last ? pad : 0, "");
        if (last)
            putchar('\n');
        else
            printf("%*s", (int)spacing, "");
    }
    words_release(&cells);
    str_release(&cell);
    return 0;
}

static int run_ps(struct invocation *c)
{
    struct listing l = {.count = 0};
    struct timespec up;
    uint64_t spacing = DEFAULT_SPACING;
    if (options_read(c, 0) != 0 ||
        options_number(c, argument_of('w'), SPACING_MAX, &spacing) != 0 || spacing == 0)
        return EXIT_USAGE;
    char how = options_last("lo");
    if (read_fields(&l, how == 'o'   ? argument_of('o')
                        : how == 'l' ? "user,pid,cpcpu,pmem,vsize,rss,tty,s,start,cttime,args"
                                     : "user,pid,tty,s,start,args") < 0)
        return EXIT_USAGE;
    int code = read_tasks(&l);
    if (code != 0)
        return code;
    l.page = sysconf(_SC_PAGESIZE);
    l.ticks = (int64_t)getauxval(AT_CLKTCK); /* musl's sysconf knows 100 only */
    if (l.ticks <= 0)
        l.ticks = sysconf(_SC_CLK_TCK);
    clock_gettime(CLOCK_BOOTTIME, &up);
    l.now = clock_ns(&up);
    l.boot = clock_wall();
    l.boot.tv_sec -= up.tv_sec + (l.boot.tv_nsec < up.tv_nsec);
    l.boot.tv_nsec += (l.boot.tv_nsec < up.tv_nsec ? 1000000000 : 0) - up.tv_nsec;
    qsort(l.task, l.tasks, sizeof *l.task, by_pid);
    if (given('H')) {
        place_below(&l, 0, 0);
        place_below(&l, 0, 0);
    }
    /* Those whose parent is not to be seen; without a tree, all. */
    for (size_t i = 0; i < l.tasks; i++)
        if (l.task[i].depth < 0) {
            l.task[i].depth = 0;
            l.order[l.placed++] = i;
            if (given('H'))
                place_below(&l, l.task[i].pid, 1);
        }
    return print_list(&l, (unsigned int)spacing);
}

static const char ps_options[] = "-H            as a tree\n"
                                 "-w count      blanks between columns (2)\n"
                                 "-W file       ignored\n"
                                 "-l            more fields\n"
                                 "-o field,...  these fields\n";

const struct command command_ps[] = {
    {"s6-ps", "[-H] [-w count] [-W file] [-l|-o field,...]", "list processes", ps_options, run_ps},
    {.name = NULL}};
