#include "command/failure.h"
#include "base/error.h"
#include "base/message.h"
#include <errno.h>
#include <string.h>

int fail(const char *verb, const char *what)
{
    message_fatal("unable to %s %s: %s", verb, what, strerror(errno));
    return EXIT_SYSTEM;
}

int complain(const char *verb, const char *what)
{
    message_warning("unable to %s %s: %s", verb, what, strerror(errno));
    return EXIT_SYSTEM;
}
