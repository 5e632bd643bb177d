/* logcat -f: a view kept up to date until the reader goes away or a signal ends it. */
#ifndef LOGCAT_FOLLOW_VIEW_H
#define LOGCAT_FOLLOW_VIEW_H

#include "base/error.h"
#include "logcat/logdirs.h"
#include "logcat/view.h"

struct live;

/* Starts watching, before anything is opened, so that nothing is missed. */
int live_open(struct live **live, struct view *v, const struct roster *r, struct error *e);
/* Watches the directory of the view's source of that number; before it is opened. */
int live_watch(struct live *live, size_t number, struct error *e);
/* Goes on after view_history, until the end. */
int live_run(struct live *live, struct error *e);
void live_close(struct live *live);

#endif
