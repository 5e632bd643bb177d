/* From a section of services.conf to the files of a definition, which the reader of definitions
 * reads like those of a directory. Pure. */
#ifndef SERVICES_SECTION_EXPAND_H
#define SERVICES_SECTION_EXPAND_H

#include "services/sugar.h"

/* Makes the files of a section in file. What is wrong goes to p, with file and line; the section is
 * made as far as it can be. NULL: no memory, which was said, or the section is refused. */
struct section *section_expand(const struct conf_section *s, const char *file, struct problems *p);

#endif
