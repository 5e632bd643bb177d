#include "services/machine.h"

const char *service_state_name(enum service_state state)
{
    static const char *const names[SERVICE_STATES] = {[SERVICE_DOWN] = "down",
                                                      [SERVICE_STARTING] = "starting",
                                                      [SERVICE_UP] = "up",
                                                      [SERVICE_FINISH] = "finishing"};
    return state < SERVICE_STATES ? names[state] : "in no state";
}

const char *service_event_name(enum service_event event)
{
    static const char *const names[SERVICE_EVENTS] = {[SERVICE_WANT_UP] = "wanted up",
                                                      [SERVICE_WANT_DOWN] = "wanted down",
                                                      [SERVICE_WANT_ONCE] = "wanted once",
                                                      [SERVICE_STAY_DOWN] = "to stay down",
                                                      [SERVICE_LEAVE] = "to be left",
                                                      [SERVICE_SIGNAL] = "signalled",
                                                      [SERVICE_RESTART] = "restarted",
                                                      [SERVICE_SPAWNED] = "spawned",
                                                      [SERVICE_UNSPAWNED] = "not spawned",
                                                      [SERVICE_READIED] = "ready",
                                                      [SERVICE_DIED] = "died",
                                                      [SERVICE_DEADLINE] = "deadline passed"};
    return event < SERVICE_EVENTS ? names[event] : "no event";
}
