/* Our own environment. */
#ifndef BASE_ENVIRONMENT_H
#define BASE_ENVIRONMENT_H

#include <stdbool.h>

/* Removes all variables, or all but PATH. Unlike after clearenv, environ is a list afterwards,
 * which may be walked. 0, or -1 without memory. */
int environment_clear(bool keep_path);

#endif
