/* Folders of s6-overlay's own package, where images have put services and edited scripts. */
#ifndef SERVICES_PACKAGE_H
#define SERVICES_PACKAGE_H

#include "services/definition.h"

enum { PACKAGE_SOURCES_MAX = 4 };

/* Adds /package/admin/s6-overlay<anything>/etc/s6-rc/sources to item, which has room for
 * PACKAGE_SOURCES_MAX: each folder once, whatever links lead to it. The paths are kept in memory,
 * which is the caller's to release, and last as long. Returns how many; none without memory. */
size_t package_sources(struct words *memory, struct definition_source *item);

/* What a command names under /package/admin/s6-overlay and is not there: the same under
 * /package/admin/s6-overlay-VERSION takes its place, where that exists. Images put their files into
 * the folder of a version and call them by the link to it, which is a folder of ours. Without
 * memory a word stays as it is. */
void package_lead(struct words *command);

/* One warning, of the package's scripts that stand there and that nothing here runs. */
void package_check_scripts(struct problems *p);

#endif
