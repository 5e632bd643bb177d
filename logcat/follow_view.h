/* logcat -f: a view kept up to date until the reader goes away or a signal ends it. */
#ifndef LOGCAT_FOLLOW_VIEW_H
#define LOGCAT_FOLLOW_VIEW_H

#include "base/error.h"
#include "logcat/logdirs.h"
#include "logcat/view.h"

struct follow_view;

/* Starts watching, before anything is opened, so that nothing is missed. */
int follow_view_open(struct follow_view **live, struct view *v, const struct logdirs *r,
                     struct error *e);
/* Watches the directory of the view's source of that number; before it is opened. */
int follow_view_watch(struct follow_view *live, size_t number, struct error *e);
/* Goes on after view_history, until the end. */
int follow_view_run(struct follow_view *live, struct error *e);
void follow_view_close(struct follow_view *live);

#endif
