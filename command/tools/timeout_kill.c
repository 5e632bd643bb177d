#include "command/tools/timeout_kill.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "services/keys.h"
#include <fcntl.h>

int64_t timeout_kill(void)
{
    const struct key_row *k = key_find("timeout-kill", DEFINITION_LONGRUN);
    struct str text = STR_INIT;
    struct error e = ERROR_INIT;
    int64_t ms = 0;
    if (file_read(AT_FDCWD, k->name, 4096, &text, &e) < 0 || text.data == NULL ||
        key_parse(k, key_line(text.data), &ms) != KEY_GOOD || ms < 0)
        ms = 0;
    str_release(&text);
    return ms * CLOCK_MS;
}
