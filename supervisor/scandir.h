/* /run/service as a scan directory: what s6-svscanctl of any s6 asks for there, and the services
 * that are no s6-rc definitions: a directory, or a link to one, put there at run time
 * (spec/supervise.md section 8).
 *
 * Such a service is a longrun like all others, without a node in the graph. Its files are read in
 * place. With log/run it is a pair, NAME and NAME/log, joined by a pipe that we hold; else it has a
 * paired logger. It starts at once unless there is a file down. Its identity is its device and
 * inode, not its name; another directory in its place means that it is removed, and the other one's
 * turn comes after its end.
 *
 * Removal: it is told to end; when finish is over its supervisor is gone for everybody (x is told,
 * control and lock are closed); then the end of file goes to its logger, or to NAME/log, whose turn
 * it is then; when that has read everything, the memory is given back.
 *
 * All memory of a service is taken when it is added, or it is refused with a message. None of this
 * waits for anything.
 */
#ifndef SUPERVISOR_SCANDIR_H
#define SUPERVISOR_SCANDIR_H

#include "supervisor/longruns.h"

struct scandir {
    struct pid1 *pid1;
    struct longruns *longruns;
    struct watch control; /* .s6-svscan/control */
    bool sweep;           /* a removed service may have nothing left */
    bool again;           /* a name was found again while its service ended */
};

/* Makes .s6-svscan/, takes the lock and watches the control fifo; before the mark. -1 with e. What
 * s6-svscanctl asks for comes as the notices SVSCAN and SCAN. */
int scandir_open(struct scandir *s, struct error *e);

/* Supervises each directory in /run/service that is new there, and says why where that is
 * impossible; a name may be of a service that just ends: it then begins anew. Once the container
 * stops nothing is added any more. */
void scandir_scan(struct scandir *s);
/* Removes what the last scan did not find. A longrun of s6-rc whose link is gone is brought down,
 * and stays known to s6-rc. all: consumers are told to end, too, instead of at end of file. */
void scandir_prune(struct scandir *s, bool all);

/* Begins the removal of one with a definition of its own. */
void scandir_remove(struct longrun *l);

/* Tells all of them to end, for the stop; false when none is alive any more. Consumers end by end
 * of file once their producers are down. What is being removed has been told, and waited for by
 * whoever removed it: it is not counted. To be called again after every turn. */
bool scandir_stop(struct scandir *s);

/* After every turn: gives back what removed services held. */
void scandir_sweep(struct scandir *s);

#endif
