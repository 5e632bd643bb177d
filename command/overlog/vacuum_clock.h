/* How the clock was when archives were last looked at, between two runs of overlog vacuum: a note
 * in /run, which goes with the container's next start. */
#ifndef COMMAND_OVERLOG_VACUUM_CLOCK_H
#define COMMAND_OVERLOG_VACUUM_CLOCK_H

#include "rotate/age.h"

/* Takes the note or, where there is none, how the clock was when pid 1 made its control socket: so
 * that one which was set forward since the start shows. Outside of a container the clock stays
 * unknown. */
void vacuum_clock_recall(struct age_clock *c);
/* Writes it, as far as we may. */
void vacuum_clock_note(const struct age_clock *c);

#endif
