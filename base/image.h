/* The tables of pointers, whose pages are written once, when the start-up code of a
 * position-independent program relocates them. base/image.ld puts those of commands together. */
#ifndef BASE_IMAGE_H
#define BASE_IMAGE_H

/* Makes what was relocated read-only, which the start-up code of musl does not do. Call it first.
 */
void image_protect(void);

/* Gives back the memory of the tables that only commands, execline and the supervisor read, for a
 * process that stays and of which there may be hundreds. Reading such a table afterwards is a
 * SIGSEGV. Does nothing when the linker script did not mark them. */
void image_discard_tables(void);

/* Unmaps code and constants until they are used again: of a hundred idle processes each is charged
 * for its part of all that it has ever used. Does nothing when the linker script did not mark the
 * tables. */
void image_rest(void);

#endif
