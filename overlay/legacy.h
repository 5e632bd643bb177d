/* The work of the built-in oneshots: fix-attrs.d, cont-init.d, cont-finish.d and services.d
 * (spec/overlay.md section 2). Each runs in a process of its own, which pid 1 starts as "legacy
 * VERB", and may wait. Each returns the exit code of the oneshot. By S6_BEHAVIOUR_IF_STAGE2_FAILS,
 * a script or service that fails is ignored (0), warned of (1), or makes that code 1 (2). */
#ifndef OVERLAY_LEGACY_H
#define OVERLAY_LEGACY_H

#include "overlay/settings.h"

/* Applies the files of fix-attrs.d, in order of their names. */
int legacy_fix_attrs(const struct settings *s);
/* Runs the scripts of cont-init.d, one after the other. */
int legacy_cont_init(const struct settings *s);
/* Runs the scripts of cont-finish.d, each for at most finish_max ms. program: path of this program,
 * for its s6-maximumtime. */
int legacy_cont_finish(const struct settings *s, const char *program);
/* Starts the services of services.d, and waits for them as the settings say. */
int legacy_services_up(const struct settings *s);
/* Stops the services of services.d, and waits for their end. */
int legacy_services_down(const struct settings *s);

#endif
