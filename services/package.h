/* Folders of s6-overlay's own package, where images have put services and edited scripts, and ours.
 */
#ifndef SERVICES_PACKAGE_H
#define SERVICES_PACKAGE_H

#include "services/definition.h"

enum { PACKAGE_SOURCES_MAX = 5 };

/* Appends /package/admin/s6-overlay<anything>/etc/s6-rc for each such folder or link to one,
 * sorted. Those that memory did not suffice for are left out. */
void package_folders(struct words *folders);

/* Fills item, which has room for PACKAGE_SOURCES_MAX, with sources of each of these
 * folders, once for all links that lead to it, and with RUN_BUILTIN where that is. The paths are
 * added to memory, which has none before and which the caller releases when it needs item no more.
 * Returns how many; those that memory did not suffice for are left out. */
size_t package_sources(const struct words *folders, struct words *memory,
                       struct definition_source *item);

/* Replaces each word of a command that is a path under /package/admin/s6-overlay and leads to
 * nothing by the same path under /package/admin/s6-overlay-VERSION, where that leads to a file.
 * Images put files into the folder of a version and name them by the link to it, which is a folder
 * in our package. Without memory a word stays as it is. */
void package_lead(struct words *command);

/* Adds one warning to p when these folders hold scripts of s6-overlay's package: nothing here runs
 * them. */
void package_check_scripts(const struct words *folders, struct problems *p);

#endif
