#include "supervisor/halt.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/message.h"
#include "base/str.h"
#include <string.h>

enum { NONE_SCHEDULED = 1, DELAY_MAX = 366 * 86400 };

static void due(struct timer *t)
{
    struct halt *h = container_of(t, struct halt, due);
    h->pid1->settings.kill_grace = h->grace;
    notice_post(&h->pid1->notices, NOTICE_HALT, (int)h->final);
}

static int cancel(struct halt *h, struct control_connection *from)
{
    if (h->due.place == 0) {
        control_say(from, 'e', "shutdown: warning: no shutdown is scheduled\n");
        return NONE_SCHEDULED;
    }
    loop_untimer(&h->pid1->loop, &h->due);
    message_info("the shutdown is cancelled");
    return 0;
}

/* The stop ends every process, the caller among them: it gets its answer first. */
int halt_request(struct halt *h, struct control_connection *from, const char *const *words,
                 size_t count)
{
    const char *what = count > 1 ? words[1] : "";
    unsigned long long delay = 0;
    unsigned long long grace = h->pid1->settings.kill_grace;
    if (strcmp(what, "cancel") == 0)
        return cancel(h, from);
    if ((count > 2 && number_parse(words[2], DELAY_MAX, &delay) < 0) ||
        (count > 3 && words[3][0] != '\0' && number_parse(words[3], UINT32_MAX, &grace) < 0)) {
        control_say(from, 'e', "malformed request\n");
        return EXIT_USAGE;
    }
    h->final = strcmp(what, "poweroff") == 0 ? FINAL_POWEROFF
               : strcmp(what, "reboot") == 0 ? FINAL_REBOOT
                                             : FINAL_EXIT;
    h->grace = (uint32_t)grace;
    h->due.fire = due;
    if (delay > 0)
        message_info("the container will stop in %llu s%s%s", delay, count > 4 ? ": " : "",
                     count > 4 ? words[4] : "");
    int64_t when = pid1_now(h->pid1) + (int64_t)delay * CLOCK_SECOND;
    return loop_timer(&h->pid1->loop, &h->due, when) < 0 ? EXIT_SYSTEM : 0;
}
