/* Where notify keeps what a service tells. */
#include "command/tools/notify_place.h"
#include "contract/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void places(void **state)
{
    char path[300], other[300], name[256];
    (void)state;
    notify_place(path, sizeof path, "/run/s6/notify", "web", "status");
    assert_string_equal(path, "/run/s6/notify/web/status");
    notify_place(path, sizeof path, "/run/s6/notify", "web", NULL);
    assert_string_equal(path, "/run/s6/notify/web");
    for (size_t n = 1; n < sizeof name; n++) {
        memset(name, 'x', n);
        name[n] = '\0';
        notify_place(path, sizeof path, RUN_NOTIFY, name, NOTIFY_WATCHDOG_FILE);
        assert_true(strlen(path) < NOTIFY_PATH_MAX);
        name[n - 1] = 'y';
        notify_place(other, sizeof other, RUN_NOTIFY, name, NOTIFY_WATCHDOG_FILE);
        assert_string_not_equal(path, other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
