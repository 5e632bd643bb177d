/* inotify: who watches a directory hears of its names, and of what is written. */
#include "tests/simulation/logs/calls.h"
#include <string.h>
#include <sys/inotify.h>
#include <sys/statfs.h>
#include <unistd.h>

struct watching {
    int number;
    struct node *directory;
    uint32_t mask;
};

void watch_tell(const struct node *directory, uint32_t mask, const char *name)
{
    for (struct node *n = disk.watchers > 0 ? disk.nodes : NULL; n != NULL; n = n->next) {
        const struct watching *w = (const struct watching *)(const void *)n->marks.at;
        for (size_t i = 0; n->kind == NODE_INOTIFY && i < n->marks.length / sizeof *w; i++) {
            char text[112] = "";
            if (w[i].directory != directory || (w[i].mask & mask) == 0)
                continue;
            strcpy(text, name);
            const struct inotify_event e = {.wd = w[i].number, .mask = mask, .len = sizeof text};
            bytes_add(&n->data, &e, sizeof e);
            bytes_add(&n->data, text, sizeof text);
        }
    }
}

void watch_tell_modified(const struct node *n)
{
    for (size_t i = 0; i < disk.names && disk.watchers > 0; i++)
        if (disk.name[i].node == n)
            watch_tell(disk.name[i].directory, IN_MODIFY, disk.name[i].text);
}

void watch_tell_name(const struct node *directory, const struct node *before,
                     const struct node *after, const char *name)
{
    bool moves = disk.moves;
    if (after == NULL)
        watch_tell(directory, moves ? IN_MOVED_FROM : IN_DELETE, name);
    else
        watch_tell(directory, moves || before != NULL ? IN_MOVED_TO : IN_CREATE, name);
}

/* Whole events, as many as there is room for. */
ssize_t watch_take(struct node *n, void *to, size_t size)
{
    const size_t one = sizeof(struct inotify_event) + 112;
    size_t left = n->data.length - n->taken;
    if (left == 0)
        return refuse(EAGAIN);
    size = size / one * one < left ? size / one * one : left;
    memcpy(to, n->data.at + n->taken, size);
    n->taken += size;
    return (ssize_t)size;
}

DECLARE(int, inotify_init1, int flags)
{
    if (OUTSIDE)
        return __real_inotify_init1(flags);
    disk.watchers++;
    return open_add(node_new(NODE_INOTIFY, 0), 0, 0);
}

DECLARE(int, inotify_add_watch, int fd, const char *path, uint32_t mask)
{
    char last[96];
    struct node *parent;
    if (OUTSIDE)
        return __real_inotify_add_watch(fd, path, mask);
    kernel_call();
    struct open *o = open_of(fd);
    struct node *n = disk_find(disk.root, path, &parent, last);
    if (o == NULL || n == NULL || n->kind != NODE_DIRECTORY)
        return n == NULL ? -1 : refuse(ENOTDIR);
    struct bytes *list = &o->node->marks;
    struct watching *w = (struct watching *)(void *)list->at;
    for (size_t i = 0; i < list->length / sizeof *w; i++)
        if (w[i].directory == n) {
            w[i].mask |= mask;
            return w[i].number;
        }
    const struct watching new = {(int)(list->length / sizeof *w) + 1, n, mask};
    bytes_add(list, &new, sizeof new);
    return new.number;
}

DECLARE(int, inotify_rm_watch, int fd, int number)
{
    if (OUTSIDE)
        return __real_inotify_rm_watch(fd, number);
    struct open *o = open_of(fd);
    struct watching *w = o == NULL ? NULL : (struct watching *)(void *)o->node->marks.at;
    for (size_t i = 0; o != NULL && i < o->node->marks.length / sizeof *w; i++)
        if (w[i].number == number)
            w[i].mask = 0;
    return 0;
}

DECLARE(int, statfs, const char *path, struct statfs *s)
{
    if (OUTSIDE)
        return __real_statfs(path, s);
    memset(s, 0, sizeof *s);
    return 0;
}
