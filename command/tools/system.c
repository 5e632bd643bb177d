/* Mounts, the clock, the host's name, and commands that do next to nothing. */
#include "base/clock.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "base/str.h"
#include "command/commands.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { EXIT_BUSY = 1, FAILURES_MAX = 99, TABLE_MAX = 1 << 22 };

/* --- s6-mount, s6-umount --- */

static const struct {
    const char *word;
    unsigned int set;
    unsigned int clear;
} mount_words[] = {{"defaults", 0, 0},
                   {"rw", 0, MS_RDONLY},
                   {"ro", MS_RDONLY, 0},
                   {"remount", MS_REMOUNT, 0},
                   {"async", 0, MS_SYNCHRONOUS},
                   {"sync", MS_SYNCHRONOUS, 0},
                   {"dev", 0, MS_NODEV},
                   {"nodev", MS_NODEV, 0},
                   {"exec", 0, MS_NOEXEC},
                   {"noexec", MS_NOEXEC, 0},
                   {"suid", 0, MS_NOSUID},
                   {"nosuid", MS_NOSUID, 0},
                   {"atime", 0, MS_NOATIME},
                   {"noatime", MS_NOATIME, 0},
                   {"diratime", 0, MS_NODIRATIME},
                   {"nodiratime", MS_NODIRATIME, 0},
                   {"nobind", 0, MS_BIND},
                   {"bind", MS_BIND, 0},
                   {"rbind", MS_BIND | MS_REC, 0},
                   {"nomove", 0, MS_MOVE},
                   {"move", MS_MOVE, 0}};

/* Words that are not ours are the file system's. 0, or -1: no memory. */
static int read_mount_options(const char *list, unsigned long *flags, struct str *data)
{
    while (*list != '\0') {
        size_t n = strcspn(list, ",");
        size_t i = 0;
        while (i < sizeof mount_words / sizeof mount_words[0] &&
               (strlen(mount_words[i].word) != n || memcmp(mount_words[i].word, list, n) != 0))
            i++;
        if (i < sizeof mount_words / sizeof mount_words[0])
            *flags = (*flags | mount_words[i].set) & ~(unsigned long)mount_words[i].clear;
        else if (n > 0 &&
                 ((data->length > 0 && str_add_char(data, ',') < 0) || str_add(data, list, n) < 0))
            return -1;
        list += n + (list[n] == ',');
    }
    return 0;
}

/* The next of the four words of a line of fstab, NULL at its end; "\\040" is a blank. */
static char *next_word(char **line)
{
    char *word = *line + strspn(*line, " \t");
    char *to = word;
    char *from = word;
    if (*word == '\0' || *word == '#')
        return NULL;
    for (; *from != '\0' && *from != ' ' && *from != '\t'; to++) {
        *to = *from++;
        if (*to == '\\' && strspn(from, "01234567") >= 3) {
            *to = (char)((from[0] - '0') * 64 + (from[1] - '0') * 8 + from[2] - '0');
            from += 3;
        }
    }
    *line = from + (*from != '\0');
    *to = '\0';
    return word;
}

enum { DEVICE, PLACE, TYPE, OPTIONS, WORDS };

/* Calls each with the words of each line, from the last line when backwards; sums what it says. */
static int each_mount(const char *table, bool backwards, int (*each)(char *word[WORDS]))
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    int sum = 0;
    if (file_read_any(AT_FDCWD, table, TABLE_MAX, &text, &e) < 0)
        return message_error(&e);
    char *line = text.data;
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] == '\n')
            text.data[i] = '\0';
    for (char *end = text.data + text.length; backwards ? end > text.data : line < end;) {
        if (backwards) {
            for (end--; end > text.data && end[-1] != '\0';)
                end--;
            line = end;
        }
        char *next = line + strlen(line) + 1;
        char *word[WORDS];
        int count = 0;
        while (count < WORDS && (word[count] = next_word(&line)) != NULL)
            count++;
        if (count == WORDS)
            sum += each(word);
        line = next;
    }
    str_release(&text);
    return sum < FAILURES_MAX ? sum : FAILURES_MAX;
}

static int mount_one(char *word[WORDS])
{
    struct str data = STR_INIT;
    unsigned long flags = 0;
    if (strcmp(word[TYPE], "swap") == 0 || strstr(word[OPTIONS], "noauto") != NULL)
        return 0;
    int bad = read_mount_options(word[OPTIONS], &flags, &data) < 0 ||
              mount(word[DEVICE], word[PLACE], word[TYPE], flags, data.data) < 0;
    str_release(&data);
    return bad ? complain("mount", word[PLACE]) == EXIT_SYSTEM : 0;
}

static int unmount_one(char *word[WORDS])
{
    return umount(word[PLACE]) < 0 ? complain("unmount", word[PLACE]) == EXIT_SYSTEM : 0;
}

static int print_mounts(void)
{
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    if (file_read(AT_FDCWD, "/proc/mounts", TABLE_MAX, &text, &e) < 0)
        return message_error(&e);
    fwrite(text.data, 1, text.length, stdout);
    str_release(&text);
    return 0;
}

static int run_mount(struct invocation *c)
{
    const char *table = "/etc/fstab";
    const char *type = "none";
    struct str data = STR_INIT;
    unsigned long flags = 0;
    bool all = false;
    for (int letter; (letter = command_option(c)) != 0;) {
        const char *words = letter == 'r' ? "ro" : letter == 'w' ? "rw" : c->argument;
        if (letter == '?')
            return EXIT_USAGE;
        if (letter == 'a')
            all = true;
        else if (letter == 'z')
            table = c->argument;
        else if (letter == 't')
            type = c->argument;
        else if (letter != 'n' && read_mount_options(words, &flags, &data) < 0)
            return fail("read", "options");
    }
    char **operand = command_operands(c);
    if (all)
        return each_mount(table, false, mount_one);
    if (operand[0] == NULL)
        return print_mounts();
    if (operand[1] == NULL)
        return command_usage(c);
    if (mount(operand[0], operand[1], type, flags, data.data) == 0)
        return 0;
    return errno == EBUSY ? fail("mount", operand[1]), EXIT_BUSY : fail("mount", operand[1]);
}

static int run_umount(struct invocation *c)
{
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    if (given('a'))
        return each_mount("/proc/mounts", true, unmount_one) > 0 ? EXIT_SYSTEM : 0;
    if (options.count < 1)
        return command_usage(c);
    return umount(options.operand[0]) < 0 ? fail("unmount", options.operand[0]) : 0;
}

/* --- s6-clock, s6-hostname --- */

static int run_clock(struct invocation *c)
{
    char label[CLOCK_TAI64N_LENGTH];
    struct timespec t = clock_wall();
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    if (options.count > 0) {
        if (strlen(options.operand[0]) != sizeof label ||
            clock_tai64n_parse(options.operand[0], &t) < 0)
            return command_usage(c);
        return clock_settime(CLOCK_REALTIME, &t) < 0 ? fail("set", "the clock") : 0;
    }
    clock_tai64n_format(label, &t);
    printf("%.*s\n", (int)sizeof label, label);
    return 0;
}

static int run_hostname(struct invocation *c)
{
    struct utsname name;
    if (options_read(c, 0) != 0)
        return EXIT_USAGE;
    if (options.count > 0)
        return sethostname(options.operand[0], strlen(options.operand[0])) < 0
                   ? fail("set", "the hostname")
                   : 0;
    if (uname(&name) < 0)
        return fail("get", "the hostname");
    puts(name.nodename);
    return 0;
}

static int run_sync(struct invocation *c)
{
    (void)c;
    sync();
    return 0;
}

static int run_true(struct invocation *c)
{
    (void)c;
    return 0;
}

static int run_false(struct invocation *c)
{
    (void)c;
    return 1;
}

static const char mount_options[] =
    "-a          all of /etc/fstab, except swap and noauto\n"
    "-z fstab    another table\n"
    "-n          ignored\n"
    "-r          read-only\n"
    "-w          writable (the default)\n"
    "-t type     kind of the file system\n"
    "-o options  separated by commas; unknown ones go to the file system\n";

static const char umount_options[] = "-a  all of /proc/mounts, the last first\n";

const struct command command_system[] = {
    {"s6-mount", "-a [-z fstab] | [-n] [-r|-w] [-t type] [-o options] device dir",
     "mount file systems", mount_options, run_mount},
    {"s6-umount", "-a | dir", "unmount file systems", umount_options, run_umount},
    {"s6-clock", "[label]", "print or set the time as TAI64N", NULL, run_clock},
    {"s6-hostname", "[name]", "print or set the host's name", NULL, run_hostname},
    {"s6-sync", "", "write what is cached to disk", NULL, run_sync},
    {"s6-true", "", "exit 0", NULL, run_true},
    {"s6-false", "", "exit 1", NULL, run_false},
    {.name = NULL}};
