/* Paths under /run that more than one room names: pid 1 makes them, commands and readers open them
 * (spec/overlay.md sections 2 and 5; docs/control.md). */
#ifndef CONTRACT_PATHS_H
#define CONTRACT_PATHS_H

#define RUN_ENVIRONMENT "/run/s6/container_environment"
/* The same for what runs under s6-linux-init; with S6_KEEP_ENV the only one that holds anything. */
#define RUN_BASE_ENVIRONMENT "/run/s6/basedir/env"
#define RUN_EXITCODE "/run/s6-linux-init-container-results/exitcode"
#define RUN_CONTROL "/run/s6/control"
/* How everything is, for who may not ask. */
#define RUN_STATUS "/run/s6/status"
#define RUN_SCANDIR "/run/service"
#define RUN_LEGACY "/run/s6/legacy-services"
#define RUN_CMDPID "/run/s6/cmdpid"
/* Held locked by pid 1; every supervise/lock is another name of it. */
#define RUN_LOCK RUN_SCANDIR "/.s6-svscan/lock"
#define RUN_RC "/run/s6-rc"
/* Leads to the database that runs. */
#define RUN_COMPILED RUN_RC "/compiled"
#define RUN_SERVICEDIRS RUN_RC "/servicedirs"
#define RUN_ONESHOTS RUN_SERVICEDIRS "/s6rc-oneshot-runner"
/* A file for each bundle of instances whose number was set while the container runs. */
#define RUN_INSTANCES RUN_RC "/instances"
#define RUN_UNCAUGHT "/run/uncaught-logs"
/* A file for each service whose log directory cannot be used: that directory, a newline, why, a
 * newline. Loggers write them, logcat reads them. */
#define RUN_UNLOGGED "/run/s6/unlogged"
/* A file for each service that has a logger: how much it writes (docs/logger-contract.md). Loggers
 * write it, status and metrics read it. */
#define RUN_RATES "/run/s6/rates"
/* A directory for each service that runs under `notify`: socket, what the service says of itself
 * (status), its signs of life (watchdog), and its wish for an act (trigger). */
#define RUN_NOTIFY "/run/s6/notify"
/* How far log files of services were passed on by with-logfiles; whoever runs it may write there.
 */
#define RUN_LOGFILES "/run/s6/logfiles"
/* A file for each service that runs under `schedule`: how its job is. */
#define RUN_JOBS "/run/s6/jobs"
/* How the clock was when overlog vacuum last went by ages. */
#define RUN_VACUUM "/run/s6/vacuum"
/* Leads to the event pipe of pid 1: a privileged program that has an event to tell writes a line of
 * the event log into it, without waiting. */
#define RUN_EVENTS "/run/s6/events"
/* Definitions of services that exist only where an image asks for them, and the directory that asks
 * for event-hooks. */
#define RUN_BUILTIN "/run/s6/builtin.d"
#define HOOKS_DIRECTORY "/etc/s6-overlay/on-event.d"
/* The last event for which hooks were run. */
#define RUN_HOOKS "/run/s6/event-hooks"

#endif
