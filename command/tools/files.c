/* Making, changing, copying and removing files. Commands of several operands go on after one that
 * failed only where the reference does: s6-mkdir and s6-ln. */
#include "base/account.h"
#include "base/failure.h"
#include "base/file.h"
#include "base/message.h"
#include "base/options.h"
#include "command/commands.h"
#include "command/tools/identity.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- s6-mkdir, s6-mkfifo --- */

static int make_one(const char *path, mode_t mode)
{
    if (mkdir(path, 0777) < 0 || (given('m') && file_mode_made(AT_FDCWD, path, S_IFDIR, mode) < 0))
        return -1;
    if (given('v'))
        message_line(MESSAGE_FATAL, "s6-mkdir: created directory %s", path);
    return 0;
}

static int make_path(char *path, mode_t mode)
{
    struct stat st;
    if (!given('p'))
        return make_one(path, mode);
    for (char *end = path; *end != '\0';) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char after = *end;
        *end = '\0';
        int bad = make_one(path, mode);
        if (bad < 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
            bad = 0;
        *end = after;
        if (bad < 0)
            return -1;
    }
    return 0;
}

static int run_mkdir(struct invocation *c)
{
    unsigned int mode = 0777;
    int code = 0;
    if (options_read(c, 0) != 0 || options_mode(c, argument_of('m'), &mode) != 0)
        return EXIT_USAGE;
    for (; *options.operand != NULL; options.operand++)
        if (make_path(*options.operand, mode) < 0)
            code = complain("mkdir", *options.operand);
    return code;
}

static int run_mkfifo(struct invocation *c)
{
    unsigned int mode = 0666;
    if (options_read(c, 1) != 0 || options_mode(c, argument_of('m'), &mode) != 0)
        return EXIT_USAGE;
    for (; *options.operand != NULL; options.operand++)
        if (mkfifo(*options.operand, 0666) < 0 ||
            (given('m') && file_mode_made(AT_FDCWD, *options.operand, S_IFIFO, mode & 0666) < 0))
            return fail("mkfifo", *options.operand);
    return 0;
}

/* Account is a name, a number or USER:GROUP. 0, or the exit code after saying what is wrong. */
static int find_owner(const struct invocation *c, const char *account, struct account *a)
{
    struct error e = ERROR_INIT;
    if (strchr(account, ':') != NULL)
        return identity_pair(c, account, a);
    int result = account_by_number(account, a) < 0 ? account_ids(account, a, &e) : 0;
    if (result < 0)
        return message_error(&e);
    if (result > 0)
        message_fatal("unknown user: %s", account);
    return result;
}

static int run_newfifo(struct invocation *c)
{
    unsigned int mode = 0600;
    struct account owner = {.uid = 0};
    if (options_read(c, 1) != 0 || options_mode(c, argument_of('m'), &mode) != 0)
        return EXIT_USAGE;
    message_warning("deprecated: use s6-mkfifo and s6-chown");
    const char *path = options.operand[0];
    int code = given('o') ? find_owner(c, argument_of('o'), &owner) : 0;
    if (code != 0)
        return code;
    if (unlink(path) < 0 && errno != ENOENT)
        return fail("remove", path);
    if (mkfifo(path, 0600) < 0)
        return fail("mkfifo", path);
    /* Without root it is its own anyway, and who asks for root knows no better. */
    if (lchown(path, owner.uid, owner.gid) < 0 && given('o'))
        return fail("chown", path);
    return file_mode_made(AT_FDCWD, path, S_IFIFO, mode) < 0 ? fail("chmod", path) : 0;
}

/* --- s6-ln --- */

/* A link called new. What is there is replaced at once, so that there always is something. */
static int make_link(int flags, const char *old, const char *new)
{
    char spare[PATH_MAX];
    int bad = given('s') ? symlink(old, new) : linkat(AT_FDCWD, old, AT_FDCWD, new, flags);
    if (bad == 0 || errno != EEXIST || !given('f'))
        return bad;
    snprintf(spare, sizeof spare, "%s:%d", new, (int)getpid());
    bad = given('s') ? symlink(old, spare) : linkat(AT_FDCWD, old, AT_FDCWD, spare, flags);
    if (bad < 0)
        return bad;
    bad = rename(spare, new);
    /* Renaming a link to what it is already leaves both. */
    int saved = errno;
    unlink(spare);
    errno = saved;
    return bad;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

static int run_ln(struct invocation *c)
{
    struct stat st;
    char path[PATH_MAX];
    int failed = 0;
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    int flags = options_last("LP") == 'L' ? AT_SYMLINK_FOLLOW : 0;
    const char *target = options.operand[options.count - 1];
    bool into = (given('n') ? lstat : stat)(target, &st) == 0 && S_ISDIR(st.st_mode);
    for (int i = 0; i < options.count - 1; i++) {
        if (into || options.count > 2) {
            int n = snprintf(path, sizeof path, "%s/%s", target, last_part(options.operand[i]));
            errno = ENAMETOOLONG;
            if (n < (int)sizeof path && make_link(flags, options.operand[i], path) == 0)
                continue;
        } else if (make_link(flags, options.operand[i], target) == 0) {
            continue;
        }
        failed++;
        complain("link to", options.operand[i]);
    }
    return failed > EXIT_NOTFOUND ? EXIT_NOTFOUND : failed;
}

/* --- s6-chown, s6-chmod, s6-touch, s6-rename --- */

static int run_chown(struct invocation *c)
{
    uint64_t uid = UINT_MAX;
    uint64_t gid = UINT_MAX;
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    const char *user = argument_of('u');
    const char *group = argument_of('g');
    if (given('U')) {
        user = getenv("UID");
        group = getenv("GID");
        if (user == NULL || group == NULL)
            return refuse(EXIT_USAGE, "%s not set", user == NULL ? "UID" : "GID");
    }
    if (options_number(c, user, UINT_MAX - 1, &uid) != 0 ||
        options_number(c, group, UINT_MAX - 1, &gid) != 0)
        return EXIT_USAGE;
    return chown(options.operand[0], (uid_t)uid, (gid_t)gid) < 0 ? fail("chown", options.operand[0])
                                                                 : 0;
}

static int run_chmod(struct invocation *c)
{
    unsigned int mode = 0;
    if (options_read(c, 2) != 0 || options_mode(c, options.operand[0], &mode) != 0)
        return EXIT_USAGE;
    return chmod(options.operand[1], mode) < 0 ? fail("change mode of", options.operand[1]) : 0;
}

static int run_touch(struct invocation *c)
{
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    for (; *options.operand != NULL; options.operand++) {
        int fd = open(*options.operand, O_WRONLY | O_CREAT | O_NONBLOCK, 0666);
        if (fd < 0 || futimens(fd, NULL) < 0)
            return fail("touch", *options.operand);
        close(fd);
    }
    return 0;
}

static int run_rename(struct invocation *c)
{
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    return rename(options.operand[0], options.operand[1]) < 0 ? fail("rename", options.operand[0])
                                                              : 0;
}

/* --- s6-rmrf, s6-hiercopy --- */

/* A slash at the end would lead through a symbolic link; nothing but slashes is a mistake. */
static int remove_path(char *path)
{
    struct error e = ERROR_INIT;
    struct stat st;
    size_t n = strlen(path);
    bool slash = n > 0 && path[n - 1] == '/';
    while (n > 0 && path[n - 1] == '/')
        path[--n] = '\0';
    if (slash && n > 0 && lstat(path, &st) == 0 && !S_ISDIR(st.st_mode))
        errno = ENOTDIR;
    else if (slash && n == 0)
        errno = EPERM;
    else
        return file_remove_tree(AT_FDCWD, path, &e) < 0 ? message_error(&e) : 0;
    return fail("remove", n > 0 ? path : "/");
}

static int run_rmrf(struct invocation *c)
{
    int code = options_read(c, 1);
    for (; code == 0 && *options.operand != NULL; options.operand++)
        code = remove_path(*options.operand);
    return code;
}

static int run_hiercopy(struct invocation *c)
{
    struct error e = ERROR_INIT;
    if (options_read(c, 2) != 0)
        return EXIT_USAGE;
    umask(0);
    return file_copy_all(AT_FDCWD, options.operand[0], AT_FDCWD, options.operand[1], &e) < 0
               ? message_error(&e)
               : 0;
}

/* --- names and facts --- */

static int print_line(const char *text)
{
    printf(given('n') ? "%s" : "%s\n", text);
    return 0;
}

static int run_linkname(struct invocation *c)
{
    char path[PATH_MAX];
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    if (given('f')) {
        if (realpath(options.operand[0], path) == NULL)
            return fail("resolve", options.operand[0]);
        return print_line(path);
    }
    ssize_t n = readlink(options.operand[0], path, sizeof path - 1);
    if (n < 0)
        return fail("resolve", options.operand[0]);
    path[n] = '\0';
    return print_line(path);
}

static int run_basename(struct invocation *c)
{
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    char *name = basename(options.operand[0]);
    size_t length = strlen(name);
    size_t suffix = options.count > 1 ? strlen(options.operand[1]) : 0;
    if (suffix > 0 && suffix < length && strcmp(name + length - suffix, options.operand[1]) == 0)
        name[length - suffix] = '\0';
    return print_line(name);
}

static int run_dirname(struct invocation *c)
{
    return options_read(c, 1) != 0 ? EXIT_USAGE : print_line(dirname(options.operand[0]));
}

static int run_overlay_stat(struct invocation *c)
{
    struct stat st;
    char user[ACCOUNT_NAME_MAX];
    char group[ACCOUNT_NAME_MAX];
    if (options_read(c, 1) != 0)
        return EXIT_USAGE;
    if (stat(options.operand[0], &st) < 0)
        return fail("stat", options.operand[0]);
    account_user_name(st.st_uid, user);
    account_group_name(st.st_gid, group);
    printf("uid=%u\nuser=%s\ngid=%u\ngroup=%s\nperms=", st.st_uid, user, st.st_gid, group);
    /* Pairs: who and what, from the lowest bit. */
    for (int bit = 0; bit < 12; bit++)
        if (st.st_mode & (1U << bit)) {
            putchar(bit < 9 ? "ogu"[bit / 3] : "ogu"[bit - 9]);
            putchar(bit < 9 ? "xwr"[bit % 3] : "tss"[bit - 9]);
        }
    putchar('\n');
    return 0;
}

static const char mkdir_options[] = "-p       make missing parents; what exists is no error\n"
                                    "-v       say what is made\n"
                                    "-m mode  octal mode of what is made\n";

static const char mkfifo_options[] = "-m mode  octal mode, without x bits\n";

static const char logutil_newfifo_options[] = "-m mode   octal mode (0600)\n"
                                              "-o owner  an account, or user:group\n";

static const char ln_options[] = "-s  symbolic links\n"
                                 "-f  replace what is there, atomically\n"
                                 "-n  replace a target that is a link to a directory\n"
                                 "-L  hard links to what symbolic links lead to\n"
                                 "-P  hard links to symbolic links themselves (the default)\n";

static const char chown_options[] = "-U      ids from the variables UID and GID\n"
                                    "-u uid  the owner, a number\n"
                                    "-g gid  the group, a number\n";

static const char linkname_options[] = "-f  resolve the whole path, which need not be a link\n"
                                       "-n  no newline\n";

static const char basename_options[] = "-n  no newline\n";

const struct command command_files[] = {
    {"s6-mkdir", "[-p] [-v] [-m mode] dir...", "make directories", mkdir_options, run_mkdir},
    {"s6-mkfifo", "[-m mode] fifo...", "make fifos", mkfifo_options, run_mkfifo},
    {"logutil-newfifo", "[-m mode] [-o owner] fifo", "make a fifo anew, with an owner",
     logutil_newfifo_options, run_newfifo},
    {"s6-ln", "[-n] [-s] [-f] [-L] [-P] source... target", "make links", ln_options, run_ln},
    {"s6-chown", "[-U] [-u uid] [-g gid] file", "change the owner of a file", chown_options,
     run_chown},
    {"s6-chmod", "mode file", "change the permissions of a file", NULL, run_chmod},
    {"s6-touch", "file...", "make files, or make them look new", NULL, run_touch},
    {"s6-rename", "old new", "rename a file, atomically", NULL, run_rename},
    {"s6-rmrf", "path...", "remove files and trees", NULL, run_rmrf},
    {"s6-hiercopy", "source destination", "copy a tree", NULL, run_hiercopy},
    {"s6-linkname", "[-f] [-n] path", "print what a symbolic link leads to", linkname_options,
     run_linkname},
    {"s6-basename", "[-n] path [suffix]", "print the last part of a path", basename_options,
     run_basename},
    {"s6-dirname", "[-n] path", "print a path without its last part", basename_options,
     run_dirname},
    {"s6-overlay-stat", "path", "print owner and permissions of a file", NULL, run_overlay_stat},
    {.name = NULL}};
