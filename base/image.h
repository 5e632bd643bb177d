/* The pages of the program that it writes only as it starts: its tables of pointers, which the
 * start-up code of a position-independent program relocates. base/image.ld puts those of commands
 * together.
 */
#ifndef BASE_IMAGE_H
#define BASE_IMAGE_H

/* Makes what was relocated read-only, for the start-up code of musl leaves that undone. Call first.
 */
void image_protect(void);

/* For a process that stays, and there may be hundreds of it: gives back the memory of the tables
 * that only commands, execline and the supervisor read. Whoever reads one of them after that is
 * killed by SIGSEGV. Does nothing where the linker left no marks. */
void image_shed(void);

#endif
