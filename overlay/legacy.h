/* What the built-in oneshots do: fix-attrs.d, cont-init.d, cont-finish.d and services.d
 * (spec/overlay.md section 2). Each runs in a process of its own, which pid 1 starts as "legacy
 * VERB": it may wait, and it reads its settings itself. Each returns the exit code of the oneshot:
 * a failure counts only when S6_BEHAVIOUR_IF_STAGE2_FAILS is 2. */
#ifndef OVERLAY_LEGACY_H
#define OVERLAY_LEGACY_H

#include "overlay/settings.h"

int legacy_fix_attrs(const struct settings *s);
int legacy_cont_init(const struct settings *s);
/* program: this program, for its s6-maximumtime. */
int legacy_cont_finish(const struct settings *s, const char *program);
int legacy_services_up(const struct settings *s);
int legacy_services_down(const struct settings *s);

#endif
