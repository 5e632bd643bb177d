#include "logger/kinds.h"
#include <stdlib.h>

static const struct sink_kind *const kinds[] = {
    [SCRIPT_SELECT] = &selection_select,  [SCRIPT_DESELECT] = &selection_deselect,
    [SCRIPT_EXACT] = &selection_rest,     [SCRIPT_STDOUT] = &outlet_kind,
    [SCRIPT_ALERT] = &alert_kind,         [SCRIPT_STATUS] = &statusfile_kind,
    [SCRIPT_DIRECTORY] = &directory_kind,
};

struct sink *sink_make(const struct sink_rules *rules, const struct script_step *step,
                       struct sink *first, struct error *e)
{
    const struct sink_kind *kind = kinds[step->kind];
    struct sink *s = calloc(1, kind->size);
    if (s == NULL) {
        error_system(e, "unable to prepare the logging script");
        return NULL;
    }
    *s = (struct sink){.kind = kind,
                       .rules = rules,
                       .step = step,
                       .text = step->text,
                       .buffer = &s->own,
                       .own = {.full = SINK_FULL, .sharers = 1}};
    if (kind->open == NULL || kind->open(s, first, e) == 0)
        return s;
    free(s);
    return NULL;
}
