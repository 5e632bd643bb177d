/* Scripts that look for a process called s6-supervise: the parent that each service has under s6.
 */
#ifndef SERVICES_PARENT_NAME_H
#define SERVICES_PARENT_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The first line of a script that does, from 1; 0: none. Comments do not count, nor does a script
 * that only says the name. Pure. */
unsigned int parent_name_line(const char *text);

/* All zero but for the callbacks, and released at the end. */
struct parent_names {
    void *context;
    /* Where a file that a script names is to be read, in out; false: it cannot be known. NULL:
     * where it says. */
    bool (*place)(void *context, const char *path, char out[4096]);
    /* One that was found, by the path where it was read. */
    void (*found)(void *context, const char *path, unsigned int line);
    struct parent_names_file {
        dev_t device;
        ino_t inode;
    } * seen;
    size_t count;
};

/* Looks at the scripts of a folder, FOLDER/NAME or, with file, FOLDER/NAME/FILE, and at the files
 * that each names by their whole path, and so on, a few deep. Each file is read once, at most some
 * hundreds in all; what cannot be read is passed over. */
void parent_names_look(struct parent_names *n, const char *folder, const char *file);
void parent_names_release(struct parent_names *n);

#endif
