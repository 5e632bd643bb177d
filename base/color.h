/* Colours of names on a terminal. */
#ifndef BASE_COLOR_H
#define BASE_COLOR_H

/* The SGR parameters ("1;32") of the colour that a name always has. The text is static. */
const char *color_of(const char *name);

#endif
