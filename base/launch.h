/* A child that shares our memory until it executes.
 *
 * fork copies the tables of all pages that we have written, either side then copies each page that
 * it writes next, and exec throws the copies away: of a process that starts hundreds of others that
 * is most of what a start costs. A launched child runs in our memory, on a stack of its own, from a
 * copy of all that it needs, and calls the kernel by itself (kernel_call.h). Nobody waits: while
 * its exec hangs its berth is taken, and when all of them are, or something else stands against it,
 * fork serves.
 *
 * What it cannot execute it hands to a process of our program, which tries again in a memory of its
 * own, and explains (launch_again): the pid stays.
 */
#ifndef BASE_LAUNCH_H
#define BASE_LAUNCH_H

#include "base/process.h"

/* argv[0] of the process that tries again: LAUNCH_NAME REPORT HOW PROGRAM ARGV...
 * (REPORT -1: none; HOW: "sh" as a command of a shell, else "") */
#define LAUNCH_NAME "overlog-launch"

/* Takes the memory, once. Without it, or where it cannot be done (an architecture that
 * kernel_call.h does not know, Linux before 5.16, another C library), launch never serves. We must
 * have no handlers of signals. */
void launch_reserve(void);

/* Gives back the memory of the berths that are free, but for the first few, which serve again and
 * again. */
void launch_rest(size_t kept);

/* As fork, and then process_child(s, report) in the child; flags: of clone. before: called first in
 * the child, where it may do nothing but kernel calls and atomic stores; or NULL. The pid; -1 with
 * errno ENOSYS: fork serves, no berth is free or s needs more than is done here. */
pid_t launch(const struct process_spawn *s, int report, int flags, void (*before)(void));

/* Main of LAUNCH_NAME; does not return when that works. The exit code. */
int launch_again(int argc, char **argv);

#endif
