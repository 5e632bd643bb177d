#include "base/environment.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t variable_length(const char *text)
{
    bool number = text[0] >= '0' && text[0] <= '9';
    return number ? 0 : strspn(text, VARIABLE_LETTERS "0123456789");
}

int environment_clear(bool keep_path)
{
    static char *none[1]; /* setenv and putenv make a list of their own */
    const char *path = keep_path ? getenv("PATH") : NULL;
    char *kept = path == NULL ? NULL : strdup(path);
    if (path != NULL && kept == NULL)
        return -1;
    clearenv();
    environ = none;
    int result = kept == NULL ? 0 : setenv("PATH", kept, 1);
    free(kept);
    return result;
}
