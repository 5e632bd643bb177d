#include "logcat/rating.h"

void rating_take(struct source *s)
{
    struct entry *e = &s->entry;
    const struct severity_format *f = severity_find(e->message, e->length, &e->severity);
    bool inherits = e->continues && s->rated_head == e->head && s->severity != SEVERITY_UNKNOWN;
    if (inherits && !(f && f->fixed > s->severity))
        e->severity = s->severity;
    s->severity = e->severity;
    s->rated_head = e->head;
}
