#ifndef SUPERVISOR_RC_INIT_H
#define SUPERVISOR_RC_INIT_H

/* Upstream's name for what speaks during a boot; people search for its messages. */
#define RC_INIT "/run/s6/basedir/scripts/rc.init"

#endif
