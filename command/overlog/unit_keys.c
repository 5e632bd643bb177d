#include "command/overlog/unit_keys.h"
#include "command/overlog/unit_value.h"
#include <stddef.h>
#include <string.h>

static const char carried[] = "carried", harmless[] = "harmless";
static const char isolation[] =
    "isolation is the container's: podman run --read-only, --cap-drop, --security-opt, --network";

#define RESOURCES "resources are the container's: podman run --memory, --cpus, --pids-limit"
#define CONDITION "nothing but a variable decides whether a service is started: enable-if"
#define PROPAGATION "services do not follow others but by needs"
#define SCHEDULING "write a program as chrt, ionice or taskset before the service's own"
#define NO_SYSTEMD "there is no systemd whose part it could be"
#define OUTPUT                                                                                     \
    "lines go to the service's log, with its name and the time; log and logging change that"
#define TERMINAL "services have no terminal, and their standard input is empty"
#define KILLING "the service gets signal, and after stop-timeout its process group SIGKILL"
#define SOCKETS "no socket is opened for it: let the program listen itself"
#define HOOKS "hooks in /etc/s6-overlay/on-event.d take its place: event-hooks(8)"

/* The first row that fits: an asterisk at the end of a key stands for anything. Where a note is of
 * switches, one that is off loses nothing. */
static const struct {
    const char *section, *key, *note; /* or carried, or harmless */
} keys[] = {
    {"Unit", "Description", carried},
    {"Unit", "Documentation", carried},
    {"Unit", "SourcePath", harmless},
    {"Unit", "After", carried},
    {"Unit", "Before", carried},
    {"Unit", "Requires", carried},
    {"Unit", "Requisite", carried},
    {"Unit", "BindsTo", carried},
    {"Unit", "Wants", carried},
    {"Unit", "Upholds", carried},
    {"Unit", "Conflicts", carried},
    {"Unit", "StartLimitInterval", carried},
    {"Unit", "StartLimitIntervalSec", carried},
    {"Unit", "StartLimitBurst", carried},
    {"Unit", "StartLimitAction", carried},
    {"Unit", "FailureAction", carried},
    {"Unit", "DefaultDependencies", harmless}, /* on what the container has before services */
    {"Unit", "AllowIsolate", harmless},
    {"Unit", "IgnoreOnIsolate", harmless},
    {"Unit", "RefuseManual*", harmless},
    {"Unit", "StopWhenUnneeded", PROPAGATION},
    {"Unit", "SurviveFinalKillSignal", KILLING},
    {"Unit", "CollectMode", harmless},
    {"Unit", "PartOf", PROPAGATION},
    {"Unit", "Propagates*", PROPAGATION},
    {"Unit", "ReloadPropagatedFrom", PROPAGATION},
    {"Unit", "StopPropagatedFrom", PROPAGATION},
    {"Unit", "OnFailure*", HOOKS},
    {"Unit", "OnSuccess*", HOOKS},
    {"Unit", "JoinsNamespaceOf", isolation},
    {"Unit", "RequiresMountsFor", "a container's volumes are mounted before it starts"},
    {"Unit", "WantsMountsFor", "a container's volumes are mounted before it starts"},
    {"Unit", "Condition*", CONDITION},
    {"Unit", "Assert*", CONDITION},
    {"Unit", "JobTimeout*", "timeout-up limits the start of a service"},
    {"Unit", "JobRunningTimeout*", "timeout-up limits the start of a service"},
    {"Unit", "SuccessAction*", "container-exit ends the container when a service ends"},
    {"Unit", "FailureActionExitStatus", "the container ends with the service's own code"},
    {"Unit", "RebootArgument", NO_SYSTEMD},

    {"Install", "WantedBy", carried},
    {"Install", "RequiredBy", carried},
    {"Install", "UpheldBy", carried},
    {"Install", "Alias", carried},
    {"Install", "DefaultInstance", carried},
    {"Install", "Also", "import that unit as well"},

    {"Service", "Type", carried},
    {"Service", "ExecStart", carried},
    {"Service", "ExecStartPre", carried},
    {"Service", "ExecStartPost", carried},
    {"Service", "ExecCondition", carried},
    {"Service", "ExecStop", carried},
    {"Service", "ExecStopPost", carried},
    {"Service", "ExecReload", carried},
    {"Service", "Restart", carried},
    {"Service", "RestartSec", carried},
    {"Service", "RestartMaxDelaySec", carried},
    {"Service", "RestartSteps",
     "the time before a start doubles with each, up to RestartMaxDelaySec"},
    {"Service", "RestartMode", harmless},
    {"Service", "SuccessExitStatus", carried},
    {"Service", "RestartPreventExitStatus", carried},
    {"Service", "RestartForceExitStatus", carried},
    {"Service", "StartLimitInterval", carried},
    {"Service", "StartLimitIntervalSec", carried},
    {"Service", "StartLimitBurst", carried},
    {"Service", "StartLimitAction", carried},
    {"Service", "FailureAction", carried},
    {"Service", "User", carried},
    {"Service", "Group", carried},
    {"Service", "DynamicUser", carried},
    {"Service", "SetLoginEnvironment", harmless},
    {"Service", "SupplementaryGroups", "a service has the groups of its account"},
    {"Service", "Environment", carried},
    {"Service", "EnvironmentFile", carried},
    {"Service", "PassEnvironment", harmless}, /* all is passed */
    {"Service", "UnsetEnvironment", "write unexport NAME before the program"},
    {"Service", "WorkingDirectory", carried},
    {"Service", "UMask", carried},
    {"Service", "Nice", carried},
    {"Service", "LimitSIGPENDING", "there is no such limit: podman run --ulimit"},
    {"Service", "LimitMSGQUEUE", "there is no such limit: podman run --ulimit"},
    {"Service", "LimitLOCKS", "there is no such limit: podman run --ulimit"},
    {"Service", "LimitNICE", "there is no such limit: podman run --ulimit"},
    {"Service", "LimitRTTIME", "there is no such limit: podman run --ulimit"},
    {"Service", "Limit*", carried},
    {"Service", "KillSignal", carried},
    {"Service", "KillMode", carried},
    {"Service", "ReloadSignal", carried},
    {"Service", "SendSIGKILL", carried},
    {"Service", "RestartKillSignal", KILLING},
    {"Service", "FinalKillSignal", KILLING},
    {"Service", "WatchdogSignal", KILLING},
    {"Service", "SendSIGHUP", KILLING},
    {"Service", "TimeoutSec", carried},
    {"Service", "TimeoutStartSec", carried},
    {"Service", "TimeoutStopSec", carried},
    {"Service", "TimeoutAbortSec", KILLING},
    {"Service", "TimeoutStartFailureMode", KILLING},
    {"Service", "TimeoutStopFailureMode", KILLING},
    {"Service", "RuntimeMaxSec", "write s6-maximumtime before the program"},
    {"Service", "RuntimeRandomizedExtraSec", "write s6-maximumtime before the program"},
    {"Service", "WatchdogSec", carried},
    {"Service", "NotifyAccess", harmless}, /* notify hears root, and the service's user */
    {"Service", "RemainAfterExit", carried},
    {"Service", "PIDFile", carried},
    {"Service", "GuessMainPID", harmless},
    {"Service", "BusName", harmless}, /* said with the type */
    {"Service", "RuntimeDirectory", carried},
    {"Service", "RuntimeDirectoryMode", carried},
    {"Service", "RuntimeDirectoryPreserve", harmless}, /* it is always kept */
    {"Service", "StateDirectory", carried},
    {"Service", "StateDirectoryMode", carried},
    {"Service", "CacheDirectory", carried},
    {"Service", "CacheDirectoryMode", carried},
    {"Service", "LogsDirectory", carried},
    {"Service", "LogsDirectoryMode", carried},
    {"Service", "ConfigurationDirectory", carried},
    {"Service", "ConfigurationDirectoryMode", carried},
    {"Service", "StandardOutput", carried},
    {"Service", "StandardError", carried},
    {"Service", "StandardInput", carried},
    {"Service", "StandardInput*", TERMINAL},
    {"Service", "TTY*", TERMINAL},
    {"Service", "Syslog*", OUTPUT},
    {"Service", "Log*", OUTPUT},
    {"Service", "Utmp*", TERMINAL},
    {"Service", "Sockets", SOCKETS},
    {"Service", "FileDescriptor*", "descriptors that are passed are closed: notify(1)"},
    {"Service", "OpenFile", "open it in a script"},
    {"Service", "NonBlocking", SOCKETS},
    {"Service", "PAMName", "no session of PAM is begun"},
    {"Service", "OOM*", "podman run --oom-score-adj, or write it to /proc/self/oom_score_adj"},
    {"Service", "IOScheduling*", SCHEDULING},
    {"Service", "CPUScheduling*", SCHEDULING},
    {"Service", "CPUAffinity", SCHEDULING},
    {"Service", "NUMA*", SCHEDULING},
    {"Service", "TimerSlackNSec", SCHEDULING},
    {"Service", "Coredump*", RESOURCES},
    {"Service", "MemoryDenyWriteExecute", isolation},
    {"Service", "MemoryKSM", RESOURCES},
    {"Service", "CPU*", RESOURCES},
    {"Service", "Memory*", RESOURCES},
    {"Service", "Tasks*", RESOURCES},
    {"Service", "IO*", RESOURCES},
    {"Service", "BlockIO*", RESOURCES},
    {"Service", "StartupCPU*", RESOURCES},
    {"Service", "StartupMemory*", RESOURCES},
    {"Service", "StartupIO*", RESOURCES},
    {"Service", "Slice", RESOURCES},
    {"Service", "Delegate*", RESOURCES},
    {"Service", "Managed*", RESOURCES},
    {"Service", "AllowedCPUs", RESOURCES},
    {"Service", "AllowedMemoryNodes", RESOURCES},
    {"Service", "ControlGroup*", RESOURCES},
    {"Service", "Private*", isolation},
    {"Service", "Protect*", isolation},
    {"Service", "Restrict*", isolation},
    {"Service", "ReadOnly*", isolation},
    {"Service", "ReadWrite*", isolation},
    {"Service", "Inaccessible*", isolation},
    {"Service", "ExecPaths", isolation},
    {"Service", "NoExec*", isolation},
    {"Service", "Temporary*", isolation},
    {"Service", "Bind*", isolation},
    {"Service", "Mount*", isolation},
    {"Service", "Root*", isolation},
    {"Service", "Extension*", isolation},
    {"Service", "Capability*", isolation},
    {"Service", "Ambient*", isolation},
    {"Service", "Secure*", isolation},
    {"Service", "NoNewPrivileges", isolation},
    {"Service", "SystemCall*", isolation},
    {"Service", "Lock*", isolation},
    {"Service", "Device*", isolation},
    {"Service", "IP*", isolation},
    {"Service", "BPF*", isolation},
    {"Service", "SocketBind*", isolation},
    {"Service", "Network*", isolation},
    {"Service", "Proc*", isolation},
    {"Service", "RemoveIPC", isolation},
    {"Service", "Keyring*", isolation},
    {"Service", "Personality", isolation},
    {"Service", "UserNamespacePath", isolation},
    {"Service", "SELinux*", isolation},
    {"Service", "AppArmor*", isolation},
    {"Service", "Smack*", isolation},
    {"Service", "IgnoreSIGPIPE", "SIGPIPE ends a program here, unless it says otherwise"},
    {"Service", "LoadCredential*", "secrets are files or variables here: with-secrets(1)"},
    {"Service", "SetCredential*", "secrets are files or variables here: with-secrets(1)"},
    {"Service", "ImportCredential*", "secrets are files or variables here: with-secrets(1)"},
    {"Service", "USBFunction*", NO_SYSTEMD},
    {"Service", "ExitType", "the service is the process that is started"},
    {"Service", "PermissionsStartOnly", "write + before the commands that root is to run"},
    {"Service", "RootDirectoryStartOnly", isolation},
};

static bool fits(const char *pattern, const char *key)
{
    size_t n = strlen(pattern) - 1;
    return pattern[n] == '*' ? strncmp(pattern, key, n) == 0 : strcmp(pattern, key) == 0;
}

const char *unit_key_note(const char *section, const char *key, const char *value)
{
    bool known = strcmp(section, "Unit") == 0 || strcmp(section, "Service") == 0 ||
                 strcmp(section, "Install") == 0;
    if (strncmp(section, "X-", 2) == 0 || strncmp(key, "X-", 2) == 0)
        return NULL; /* systemd passes these over */
    if (!known)
        return "there is no such section of a service";
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i].section, section) != 0 || !fits(keys[i].key, key))
            continue;
        bool kept = keys[i].note == carried || keys[i].note == harmless;
        return kept || value[0] == '\0' || unit_boolean(value) == 0 ? NULL : keys[i].note;
    }
    return "no such setting is known";
}

bool unit_note_isolates(const char *note)
{
    return note == isolation;
}

bool unit_is_there(const char *name)
{
    static const char *const parts[] = {"systemd-", "sys-", "dev-", "-.", "var-", "tmp.", "run-"};
    static const char *const kinds[] = {".mount",  ".automount", ".slice",
                                        ".device", ".swap",      ".scope"};
    static const char *const targets[] = {"basic",
                                          "bluetooth",
                                          "cryptsetup",
                                          "default",
                                          "first-boot-complete",
                                          "getty",
                                          "getty-pre",
                                          "graphical",
                                          "local-fs",
                                          "local-fs-pre",
                                          "multi-user",
                                          "network",
                                          "network-online",
                                          "network-pre",
                                          "nss-lookup",
                                          "nss-user-lookup",
                                          "paths",
                                          "remote-cryptsetup",
                                          "remote-fs",
                                          "remote-fs-pre",
                                          "rpcbind",
                                          "slices",
                                          "sockets",
                                          "sound",
                                          "swap",
                                          "sysinit",
                                          "syslog",
                                          "time-set",
                                          "time-sync",
                                          "timers",
                                          "tpm2",
                                          "veritysetup"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strncmp(name, parts[i], strlen(parts[i])) == 0)
            return true;
    for (size_t i = 0; dot != NULL && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(dot, kinds[i]) == 0)
            return true;
    for (size_t i = 0; dot != NULL && i < sizeof targets / sizeof targets[0]; i++)
        if (strcmp(dot, ".target") == 0 && strlen(targets[i]) == (size_t)(dot - name) &&
            strncmp(targets[i], name, (size_t)(dot - name)) == 0)
            return true;
    return strcmp(name, "syslog.service") == 0 || strcmp(name, "syslog.socket") == 0;
}
