/* Datagrams of sd_notify: nothing beyond them is read, what people are shown is one line that fits,
 * and a message that was taken changes nothing when it comes again. */
#include "command/tools/notify_message.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct notify_message m;
    struct notify_state s = {.reloading = false};
    char line[NOTIFY_LINE_MAX];
    char *exact = input_copy(data, size);
    notify_parse(&m, exact, size);
    MUST(size <= NOTIFY_MESSAGE_MAX ||
         !(m.ready || m.reloading || m.stopping || m.has_status || m.watchdog));
    MUST(memchr(m.status, '\n', strlen(m.status)) == NULL);
    notify_take(&s, &m);
    size_t length = notify_line(&s, line);
    MUST(length < sizeof line && length == strlen(line));
    MUST(length == 0 || strchr(line, '\n') == line + length - 1);
    m.ready = false;
    MUST(!notify_take(&s, &m));
    free(exact);
    return 0;
}
