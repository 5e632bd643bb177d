/* Which records of the status file may have changed since it was written last. Records are numbers
 * here: 1 + the index in the file, 0 for what is not in it. Pure. */
#ifndef SUPERVISOR_STATUS_CHANGES_H
#define SUPERVISOR_STATUS_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

struct status_changes {
    bool renew;          /* services came or went: another file is to be written */
    bool all;            /* every record may have changed */
    uint32_t *list;      /* records that may have changed, each once; owned */
    unsigned char *seen; /* by record: it stands in the list; owned */
    uint32_t count;      /* of the list */
};

/* Room for records 1 to count, none of them changed. -1: no memory, c is as it was. */
int status_changes_reserve(struct status_changes *c, uint32_t count);
/* Notes a change of that record; harmless for 0, and while another file is due. */
void status_touch(struct status_changes *c, uint32_t record);
/* Takes one that was noted; 0: none is left. */
uint32_t status_changes_take(struct status_changes *c);

#endif
