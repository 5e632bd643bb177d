/* What a step of the machine is told of the files of its service. */
#include "services/machine.h"

enum service_reading service_reads(const struct service *s, enum service_event event)
{
    if (s->state == SERVICE_DOWN &&
        (event == SERVICE_WANT_UP || event == SERVICE_WANT_ONCE || event == SERVICE_DEADLINE))
        return READS_FOR_A_START;
    return event == SERVICE_WANT_DOWN || event == SERVICE_DIED || event == SERVICE_UNSPAWNED ||
                   event == SERVICE_LEAVE
               ? READS_FOR_A_RUN
               : READS_NOTHING;
}

void service_take_rules(struct service_rules *rules, const struct service_rules *read,
                        enum service_reading how)
{
    bool notifies = how == READS_FOR_A_START ? read->notifies : rules->notifies;
    *rules = *read;
    rules->notifies = notifies;
}
