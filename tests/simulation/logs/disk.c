/* The disk: files, names, and what a crash of the machine leaves of them. */
#include "tests/simulation/logs/kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct disk disk;
void (*disk_forgets)(struct node *directory, struct node *n, const char *name);

void bytes_add(struct bytes *b, const void *from, size_t length)
{
    if (b->length + length > b->room) {
        b->room = 2 * (b->length + length) + 1024;
        b->at = __real_realloc(b->at, b->room);
    }
    if (length > 0)
        memcpy(b->at + b->length, from, length);
    b->length += length;
}

void bytes_free(struct bytes *b)
{
    __real_free(b->at);
    *b = (struct bytes){.at = NULL};
}

/* --- nodes and names -------------------------------------------------------------------------- */

static bool is_pinned(const struct node *n)
{
    for (size_t i = 0; i < disk.changes; i++)
        if (disk.change[i].before == n)
            return true;
    return false;
}

/* The lowest number that no living file has: numbers come back soon. */
static ino_t free_inode(void)
{
    for (ino_t i = 2;; i++) {
        const struct node *n = disk.nodes;
        while (n != NULL && !(n->inode == i && (n->names > 0 || n->opens > 0 || is_pinned(n))))
            n = n->next;
        if (n == NULL)
            return i;
    }
}

struct node *node_new(enum node_kind kind, mode_t mode)
{
    enum { MEMORY = 270336 };
    struct node *n = __real_realloc(NULL, sizeof *n);
    *n = (struct node){.kind = kind, .mode = mode, .inode = free_inode()};
    if (kind == NODE_MEMORY) {
        n->data.at = __real_realloc(NULL, MEMORY);
        memset(n->data.at, 0, MEMORY);
        n->data.room = MEMORY;
    }
    n->next = disk.nodes;
    disk.nodes = n;
    return n;
}

static struct name *find(const struct node *directory, const char *text)
{
    for (size_t i = 0; i < disk.names; i++)
        if (disk.name[i].directory == directory && strcmp(disk.name[i].text, text) == 0)
            return &disk.name[i];
    return NULL;
}

struct node *disk_look(const struct node *directory, const char *name)
{
    const struct name *n = find(directory, name);
    return n == NULL ? NULL : n->node;
}

static void set(struct node *directory, const char *text, struct node *node)
{
    struct name *n = find(directory, text);
    if (n != NULL)
        n->node->names--;
    if (node != NULL)
        node->names++;
    if (n != NULL && node != NULL) {
        n->node = node;
    } else if (n != NULL) {
        *n = disk.name[--disk.names];
    } else if (node != NULL) {
        if (disk.names == NAMES)
            abort();
        n = &disk.name[disk.names++];
        *n = (struct name){.directory = directory, .node = node};
        snprintf(n->text, sizeof n->text, "%s", text);
    }
}

static struct change *note_change(void)
{
    if (disk.changes == CHANGES) { /* the disk writes by itself, too */
        disk.changes = CHANGES / 2;
        memmove(disk.change, disk.change + CHANGES / 2, disk.changes * sizeof *disk.change);
    }
    disk.changed++;
    return &disk.change[disk.changes++];
}

void disk_mode(struct node *n, mode_t mode)
{
    *note_change() = (struct change){.group = ++disk.group, .before = n, .mode = n->mode};
    n->mode = mode;
}

void disk_grown(struct node *n)
{
    const struct mark now = {disk.changed, n->data.length};
    struct mark *mark = (struct mark *)(void *)n->marks.at;
    size_t count = n->marks.length / sizeof *mark;
    if (count > 0 && mark[count - 1].change == disk.changed)
        mark[count - 1].length = now.length;
    else
        bytes_add(&n->marks, &now, sizeof now);
}

/* Whether it has a name there, or gets one: a file that is renamed has a name throughout. */
static bool is_named(const struct node *directory, const struct node *node)
{
    int elsewhere = 0;
    for (size_t i = 0; i < disk.names; i++) {
        if (disk.name[i].directory == directory && disk.name[i].node == node)
            return true;
        elsewhere += disk.name[i].node == node;
    }
    return node->names > elsewhere;
}

void disk_name(struct node *directory, const char *text, struct node *node)
{
    struct node *before = disk_look(directory, text);
    if (before == node)
        return;
    struct change *c = note_change();
    *c = (struct change){.group = disk.group, .directory = directory, .before = before};
    snprintf(c->text, sizeof c->text, "%s", text);
    set(directory, text, node);
    watch_tell_name(directory, before, node, text);
    if (before == NULL || before->kind != NODE_FILE)
        return;
    if (before->names == 0)
        disk.used -= before->data.length;
    if (before->data.length > 0 && disk_forgets != NULL && !is_named(directory, before))
        disk_forgets(directory, before, text);
}

struct node *disk_find(struct node *at, const char *path, struct node **parent, char last[96])
{
    const char *p = path;
    struct node *n = *p == '/' ? disk.root : at;
    *parent = NULL;
    while (*p != '\0') {
        size_t length = strcspn(p, "/");
        if (length == 0) {
            p++;
            continue;
        }
        if (n == NULL || n->kind != NODE_DIRECTORY || length >= 96) {
            errno = n == NULL ? ENOENT : ENOTDIR;
            *parent = NULL;
            return NULL;
        }
        snprintf(last, 96, "%.*s", (int)length, p);
        *parent = n;
        n = strcmp(last, ".") == 0 ? n : disk_look(n, last);
        p += length;
    }
    if (n == NULL)
        errno = ENOENT;
    return n;
}

struct node *disk_make_directory(const char *path)
{
    struct node *parent;
    char last[96];
    struct node *n = disk_find(disk.root, path, &parent, last);
    if (n == NULL) {
        n = node_new(NODE_DIRECTORY, 0755);
        set(parent, last, n);
    }
    return n;
}

/* --- what is safe ----------------------------------------------------------------------------- */

void disk_sync(struct node *n)
{
    disk.changes = 0;
    if (n->kind == NODE_FILE) {
        n->safe = n->data.length;
        n->marks.length = 0;
    }
}

/* Takes changes back to a moment after the last sync, of the disk's choice. */
static void lose_changes(struct random *r)
{
    size_t keep = disk.changes == 0 ? 0 : random_below(r, (uint32_t)disk.changes + 1);
    while (keep > 0 && keep < disk.changes &&
           disk.change[keep].group == disk.change[keep - 1].group)
        keep--;
    while (disk.changes > keep) {
        const struct change *c = &disk.change[--disk.changes];
        disk.changed--;
        if (c->text[0] == '\0')
            c->before->mode = c->mode;
        else
            set(c->directory, c->text, c->before);
    }
    disk.changes = 0;
}

/* Of the bytes that are not synced, some reached the disk, if their time had come. */
static void lose_bytes(struct node *n, struct random *r)
{
    const struct mark *m = (const struct mark *)(const void *)n->marks.at;
    size_t most = n->safe;
    for (size_t i = 0; i < n->marks.length / sizeof *m; i++)
        if (m[i].change <= disk.changed && m[i].length > most)
            most = m[i].length;
    if (most > n->safe && random_chance(r, 80))
        most = n->safe + random_below(r, (uint32_t)(most - n->safe) + 1);
    n->data.length = n->safe = most;
    n->marks.length = 0;
}

void disk_crash(struct random *r)
{
    lose_changes(r);
    disk.used = 0;
    for (struct node *n = disk.nodes; n != NULL; n = n->next)
        if (n->kind == NODE_FILE && n->names > 0) {
            lose_bytes(n, r);
            disk.used += n->data.length;
        }
    for (struct node *n = disk.nodes; n != NULL; n = n->next) /* taken back: two may have one */
        for (struct node *m = n->next; m != NULL && n->names > 0; m = m->next)
            if (m->names > 0 && m->inode == n->inode)
                m->inode = free_inode();
}

void disk_begin(void)
{
    disk = (struct disk){.capacity = SIZE_MAX, .largest = SIZE_MAX};
    disk.root = node_new(NODE_DIRECTORY, 0755);
    disk.root->names = 1;
}

void disk_end(void)
{
    while (disk.nodes != NULL) {
        struct node *n = disk.nodes;
        disk.nodes = n->next;
        bytes_free(&n->data);
        bytes_free(&n->marks);
        __real_free(n);
    }
}
