/* What a predecessor left of a paired logger, as a service of the same user may have forged it: a
 * successor takes it over, logs what there is, and ends. Nothing that it does is undefined, and
 * what was in current before stays as it is.
 *
 * Input: a byte with the length of current, which it is then filled with; a byte with the length of
 * the journal, and its bytes; then the state. */
#include "logger/disk.h"
#include "logger/pump.h"
#include "rotate/logdir.h"
#include "tests/fuzz/fuzz.h"
#include <sys/mman.h>

enum { STATE_MAX = 4096 };

static char *script_words[] = {"n3", "s4096", "z0", "C"};

/* The helper is a child: here it has nothing to do. */
void __wrap_helper_start(struct logdir *d);
void __wrap_helper_start(struct logdir *d)
{
    (void)d;
}

/* SIGALRM is the fuzzer's: by it, it finds what never ends. */
int __wrap_loop_signals(struct loop *l, const int *signals, size_t count,
                        void (*handler)(void *context, int signal), void *context, struct error *e);
int __wrap_loop_signals(struct loop *l, const int *signals, size_t count,
                        void (*handler)(void *context, int signal), void *context, struct error *e)
{
    (void)l;
    (void)signals;
    (void)count;
    (void)handler;
    (void)context;
    (void)e;
    return 0;
}

struct world {
    struct pump pump;
    struct script script;
    struct sink_rules rules;
    char path[96];
    char before[256];
    size_t before_length;
};

static int take(struct input *in, int fd, off_t at, size_t most)
{
    char bytes[STATE_MAX];
    size_t n = most < in->left ? most : in->left;
    n = n < sizeof bytes ? n : sizeof bytes;
    memcpy(bytes, in->at, n);
    in->at += n;
    in->left -= n;
    return pwrite(fd, bytes, n, at) == (ssize_t)n ? (int)n : -1;
}

static void make_current(struct world *w, struct input *in)
{
    w->before_length = input_byte(in);
    for (size_t i = 0; i < w->before_length; i++)
        w->before[i] = (char)(i % 20 == 19 ? '\n' : 'x');
    snprintf(w->path, sizeof w->path, "%s/log", fuzz_directory());
    MUST(mkdir(w->path, 0700) == 0);
    char current[128];
    snprintf(current, sizeof current, "%s/current", w->path);
    int fd = open(current, O_WRONLY | O_CREAT | O_EXCL, 0600);
    MUST(fd >= 0 && write(fd, w->before, w->before_length) == (ssize_t)w->before_length);
    close(fd);
}

/* The inode is the one thing that a forger knows for certain. */
static void claim_inode(struct world *w, int memory)
{
    struct stat st;
    struct checkpoint c;
    char current[128];
    snprintf(current, sizeof current, "%s/current", w->path);
    MUST(stat(current, &st) == 0);
    MUST(pread(memory, &c, sizeof c, JOURNAL_SIZE) == sizeof c);
    c.file[0].inode = st.st_ino;
    MUST(pwrite(memory, &c, sizeof c, JOURNAL_SIZE) == sizeof c);
}

static void open_route(struct world *w)
{
    struct error e = ERROR_INIT;
    MUST(script_parse(&w->script, script_words, 4, false, &e) == 0);
    w->script.own.text = w->path;
    w->rules = (struct sink_rules){.trouble = SINK_HOLD, .name = "fuzz", .slots = -1};
    MUST(route_open(&w->pump.handover.route[0], &w->script, &w->rules, &e) == 0);
    int directory = logdir_prepare(w->path, (uid_t)-1, (gid_t)-1, 0, &e);
    MUST(directory >= 0 && disk_open(w->pump.handover.route[0].own, directory, true, &e) == 0);
}

/* No stream is open: it writes what the journals hold, and leaves. */
static void check_current(const struct world *w)
{
    struct error e = ERROR_INIT;
    struct words names = WORDS_INIT;
    char path[160];
    char begin[sizeof w->before];
    MUST(file_list(AT_FDCWD, w->path, &names, &e) == 0);
    const char *first = "current";
    for (size_t i = 0; i < names.count; i++)
        if (names.item[i][0] == '@' && (*first != '@' || strcmp(names.item[i], first) < 0))
            first = names.item[i];
    snprintf(path, sizeof path, "%s/%s", w->path, first);
    int fd = open(path, O_RDONLY);
    MUST(fd >= 0);
    ssize_t n = read(fd, begin, w->before_length);
    close(fd);
    MUST(*first == '@' ||
         (n == (ssize_t)w->before_length && memcmp(begin, w->before, (size_t)n) == 0));
    words_release(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    struct input in = {data, size};
    struct error e = ERROR_INIT;
    int memory = memfd_create("journal", MFD_CLOEXEC);
    memset(&w, 0, sizeof w);
    make_current(&w, &in);
    MUST(memory >= 0 && ftruncate(memory, JOURNAL_SIZE + STATE_MAX) == 0);
    int length = take(&in, memory, 0, input_byte(&in));
    MUST(length >= 0 && lseek(memory, length, SEEK_SET) == length);
    MUST(take(&in, memory, JOURNAL_SIZE, STATE_MAX) >= 0);
    claim_inode(&w, memory);
    MUST(pump_open(&w.pump, &e) == 0);
    w.pump.handover.input[HANDOVER_OUT].journal.fd = memory;
    w.pump.handover.state_fd = memory;
    w.pump.handover.console.lock = -1;
    open_route(&w);
    MUST(pump_run(&w.pump) == 0);
    check_current(&w);
    script_release(&w.script);
    close(memory);
    return 0;
}
