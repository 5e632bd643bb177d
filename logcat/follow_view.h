/* logcat -f: keeps a view up to date until the reader of its output goes away or a signal ends it.
 *
 * 1. follow_view_open; 2. follow_view_watch for each source, before the source is opened;
 * 3. view_history; 4. follow_view_run; 5. follow_view_close. */
#ifndef LOGCAT_FOLLOW_VIEW_H
#define LOGCAT_FOLLOW_VIEW_H

#include "base/error.h"
#include "logcat/logdirs.h"
#include "logcat/view.h"

struct follow_view;

/* Begins to watch the places where log directories may appear. v and r must outlive *live. 0, or -1
 * with e; *live, NULL or not, is the caller's to close in both cases. */
int follow_view_open(struct follow_view **live, struct view *v, const struct logdirs *r,
                     struct error *e);
/* Watches the directory of the view's source with that number. 0, or -1 with e. */
int follow_view_watch(struct follow_view *live, size_t number, struct error *e);
/* Shows what is written from now on, until the end. 0, or -1 with e. */
int follow_view_run(struct follow_view *live, struct error *e);
void follow_view_close(struct follow_view *live);

#endif
