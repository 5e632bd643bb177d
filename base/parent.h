/* A process of a name between us and a program that we start: for programs, and people, who look at
 * the name of the parent. process_spawn makes it (process.h); this is its life.
 *
 * We fork the parent. The parent forks the program's process and executes itself, as an argv that
 * shows the name. The program is executed once the parent has its name.
 *
 * The parent never reaps. When the program is dead the parent ends, and the program's wait status
 * comes to us, the nearest subreaper, as of a child of our own; until we reap it, nobody else can
 * have its pid. When the parent is killed, the living program becomes our child and goes on.
 */
#ifndef BASE_PARENT_H
#define BASE_PARENT_H

struct parent_command {
    const char *program; /* executed in the parent; it calls parent_wait */
    char *const *argv;
};

/* In the child that is to be the parent; all signals are blocked. Comes back in the program's
 * process, which leads a session and has written a struct process_failure with the step
 * PROCESS_BORN or PROCESS_BORN_HERE and, in the place of errno, its pid as we see it. What fails is
 * written with the step PROCESS_UNBORN, and nothing is left. flags: of clone, for the program. */
void parent_split(const struct parent_command *parent, int flags, int report);

/* Of the program that the parent executes: takes the name and comes back, with 0, when the child is
 * dead. -1 at once: there is no child. A child that is stopped is told to our own parent by a
 * SIGCHLD. */
int parent_wait(const char *name);

#endif
