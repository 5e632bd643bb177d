#include "services/hooked.h"
#include "base/file.h"
#include "base/message.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRIPT_MAX = 1 << 18, PATH_ROOM = 4096 };

static const char *const bundles[HOOKED_BUNDLES] = {"user", "user2"};

static bool mentions(const char *text)
{
    return strstr(text, "contents.d") != NULL;
}

/* Whether a word of the hook, or the file that it names, is about members of bundles. */
static bool is_about_members(const struct words *argv)
{
    bool result = false;
    for (size_t i = 0; i < argv->count && !result; i++) {
        struct str text = STR_INIT;
        struct error ignored = ERROR_INIT;
        struct stat s;
        result = mentions(argv->item[i]);
        if (!result && stat(argv->item[i], &s) == 0 && S_ISREG(s.st_mode) &&
            file_read(AT_FDCWD, argv->item[i], SCRIPT_MAX, &text, &ignored) == 0)
            result = text.length > 0 && mentions(text.data);
        str_release(&text);
    }
    return result;
}

static void path_of(const struct hooked *h, size_t place, size_t bundle, const char *file,
                    char path[PATH_ROOM])
{
    snprintf(path, PATH_ROOM, "%.3500s/%s/contents.d/%.255s", h->place.item[place], bundles[bundle],
             file);
}

static bool is_there(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0;
}

/* Where the members are lines of a file a folder would count instead of it. */
static bool is_flat(const struct hooked *h, size_t bundle)
{
    bool flat = false;
    for (size_t p = 0; p < HOOKED_PLACES; p++) {
        char path[PATH_ROOM];
        snprintf(path, sizeof path, "%.3500s/%s/contents", h->place.item[p], bundles[bundle]);
        flat |= is_there(path);
    }
    return flat;
}

static int add_name(void *to, const char *name)
{
    struct words *names = to;
    return name[0] == '.' || words_has(names, name) ? 0 : words_add(names, name);
}

static void list_members(struct hooked *h, size_t bundle)
{
    for (size_t p = 0; p < HOOKED_PLACES; p++) {
        char path[PATH_ROOM];
        path_of(h, p, bundle, "", path);
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
            fd_each_name(fd, add_name, &h->names[bundle]);
        fd_close(fd);
    }
}

/* Makes a folder that is not there, and notes it. False: it cannot be made. */
static bool make_folder(struct hooked *h, const char *path)
{
    if (mkdir(path, 0755) == 0)
        return words_add(&h->folders, path) == 0;
    return errno == EEXIST;
}

static bool make_folders(struct hooked *h, size_t place, size_t bundle)
{
    char path[PATH_ROOM];
    const char *root = h->place.item[place];
    if (!make_folder(h, root))
        return false;
    snprintf(path, sizeof path, "%.3500s/%s", root, bundles[bundle]);
    if (!make_folder(h, path))
        return false;
    path_of(h, place, bundle, "", path);
    path[strlen(path) - 1] = '\0';
    return make_folder(h, path);
}

static void add_missing(struct hooked *h, size_t place, size_t bundle)
{
    for (size_t i = 0; i < h->names[bundle].count; i++) {
        char path[PATH_ROOM];
        path_of(h, place, bundle, h->names[bundle].item[i], path);
        if (is_there(path))
            continue;
        if (!make_folders(h, place, bundle))
            return;
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd < 0)
            return;
        close(fd);
        words_add(&h->files, path);
    }
}

/* Forgets the names that could not be given to both places: nothing can be told of them. */
static void keep_whole(struct hooked *h, size_t bundle)
{
    struct words whole = WORDS_INIT;
    for (size_t i = 0; i < h->names[bundle].count; i++) {
        bool there = true;
        for (size_t p = 0; p < HOOKED_PLACES; p++) {
            char path[PATH_ROOM];
            path_of(h, p, bundle, h->names[bundle].item[i], path);
            there &= is_there(path);
        }
        if (there)
            words_add(&whole, h->names[bundle].item[i]);
    }
    words_release(&h->names[bundle]);
    h->names[bundle] = whole;
}

void hooked_begin(struct hooked *h, const char *services, const char *user_bundles,
                  const struct words *argv)
{
    *h = HOOKED_INIT;
    if (!is_about_members(argv) || words_add(&h->place, services) < 0 ||
        words_add(&h->place, user_bundles) < 0)
        return;
    for (size_t b = 0; b < HOOKED_BUNDLES; b++) {
        if (is_flat(h, b))
            continue;
        list_members(h, b);
        for (size_t p = 0; p < HOOKED_PLACES; p++)
            add_missing(h, p, b);
        keep_whole(h, b);
    }
}

static void take_out(const struct hooked *h, size_t bundle, const char *name)
{
    char path[HOOKED_PLACES][PATH_ROOM];
    bool lost = false, left = false;
    for (size_t p = 0; p < HOOKED_PLACES; p++) {
        path_of(h, p, bundle, name, path[p]);
        bool there = is_there(path[p]);
        lost |= !there;
        left |= there && !words_has(&h->files, path[p]);
    }
    for (size_t p = 0; p < HOOKED_PLACES && lost; p++)
        unlink(path[p]);
    if (lost && left)
        message_info("the hook took %s out of the bundle %s", name, bundles[bundle]);
}

void hooked_end(struct hooked *h)
{
    for (size_t b = 0; b < HOOKED_BUNDLES; b++) {
        for (size_t i = 0; i < h->names[b].count; i++)
            take_out(h, b, h->names[b].item[i]);
        words_release(&h->names[b]);
    }
    for (size_t i = 0; i < h->files.count; i++)
        unlink(h->files.item[i]);
    for (size_t i = h->folders.count; i > 0; i--)
        rmdir(h->folders.item[i - 1]);
    words_release(&h->files);
    words_release(&h->folders);
    words_release(&h->place);
}
