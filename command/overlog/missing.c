#include "command/overlog/missing.h"
#include "base/error.h"
#include "base/failure.h"
#include "base/message.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *instead;
    const char *names; /* separated by blanks */
} groups[] = {
    {"a program that listens by itself, socat or systemd-socket-activate",
     "s6-ipcserver s6-ipcserverd s6-ipcserver-socketbinder s6-ipcserver-access s6-ipcclient "
     "s6-ioconnect s6-connlimit s6-accessrules-cdb-from-fs s6-accessrules-fs-from-cdb"},
    {"su, sudo or a oneshot, which s6-rc runs as root", "s6-sudo s6-sudoc s6-sudod"},
    {"producer-for and consumer-for, whose pipe the supervisor holds",
     "s6-fdholder-daemon s6-fdholderd s6-fdholder-store s6-fdholder-retrieve s6-fdholder-delete "
     "s6-fdholder-list s6-fdholder-getdump s6-fdholder-setdump s6-fdholder-transferdump "
     "s6-fdholder-storec s6-fdholder-retrievec s6-fdholder-deletec s6-fdholder-listc "
     "s6-fdholder-getdumpc s6-fdholder-setdumpc s6-fdholder-transferdumpc"},
    {"s6-svwait, s6-rc or inotifywait",
     "s6-ftrig-notify s6-ftrig-wait s6-ftrig-listen s6-ftrig-listen1 s6-ftrigrd s6-mkfifodir "
     "s6-cleanfifodir"},
    {"one longrun each", "s6-instance-maker s6-instance-create s6-instance-delete "
                         "s6-instance-control s6-instance-status s6-instance-list"},
    {"/init", "s6-usertree-maker s6-linux-init s6-linux-init-maker s6-linux-init-shutdownd "
              "s6-linux-init-nuke s6-linux-init-echo s6-linux-init-umountall "
              "s6-linux-init-logouthookd s6-svscan s6-svscanboot s6-supervise s6-rc-oneshot-run "
              "s6-rc-fdholder-filler"},
    {"the definition folders, which /init reads at each boot",
     "s6-rc-bundle s6-rc-repo-init s6-rc-repo-sync s6-rc-repo-list s6-rc-set-new s6-rc-set-copy "
     "s6-rc-set-delete s6-rc-set-change s6-rc-set-status s6-rc-set-fix s6-rc-set-commit"},
    {"s6-rc-update", "s6-rc-set-install"},
    {"halt, poweroff and reboot in /run/s6/basedir/bin",
     "s6-linux-init-hpr s6-linux-init-shutdown s6-linux-init-telinit s6-nuke"},
    {"a notification-fd file and s6-notifyoncheck",
     "s6-notify-fd-from-socket s6-notify-socket-from-fd"},
    {"s6-svc, s6-setuidgid and the like", "s6-alias s6-alias-chpst s6-alias-sv"},
    {"printf %q or sed", "s6-quote s6-unquote s6-quote-filter s6-unquote-filter"},
    {"each of its commands by its name", "s6-portable-utils s6-linux-utils"},
    {"mktemp", "s6-uniquename"},
    {"ln -s", "s6-update-symlinks"},
    {"logcat", "s6-tai64ndiff"},
    {"a temporary file", "seekablepipe"},
    {"the package of the distribution: container engines do this",
     "s6-pivotchroot s6-freeramdisk s6-swapon s6-swapoff rngseed fstab2s6rc"},
    {"socat, or the s6-networking package of the distribution",
     "s6-tcpserver s6-tcpserverd s6-tcpserver-socketbinder s6-tcpserver-access s6-tcpclient "
     "s6-tlsc s6-tlsd s6-tlsclient s6-tlsserver s6-tlsc-io s6-tlsd-io s6-ucspitlsc s6-ucspitlsd "
     "proxy-server s6-getservbyname s6-ident-client"},
    {"the clock of the host", "s6-sntpclock s6-taiclock s6-taiclockd s6-clockadd s6-clockview"},
    {"getent or dig",
     "s6-dnsname s6-dnsmx s6-dnsns s6-dnssoa s6-dnssrv s6-dnstxt s6-dnsq "
     "s6-dnsqr s6-dnsqualify s6-dns-hosts-compile s6-dnsip4-filter s6-dnsip6-filter "
     "s6-dnsname-filter skadnsd"},
    {"/dev/urandom", "s6-randomip"},
};

const char *missing_instead(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; length > 0 && i < sizeof groups / sizeof groups[0]; i++)
        for (const char *at = groups[i].names; (at = strstr(at, name)) != NULL; at += length)
            if ((at == groups[i].names || at[-1] == ' ') && strchr(" ", at[length]) != NULL)
                return groups[i].instead;
    return NULL;
}

/* The first program of that name in PATH that is not this one takes over. */
static void step_aside(const char *name, char **argv)
{
    struct stat self;
    struct stat st;
    char path[PATH_MAX];
    const char *next = getenv("PATH");
    if (stat("/proc/self/exe", &self) < 0)
        return;
    while (next != NULL && *next != '\0') {
        size_t n = strcspn(next, ":");
        int size = snprintf(path, sizeof path, "%.*s/%s", (int)n, n > 0 ? next : ".", name);
        next += n + (next[n] == ':');
        if (size < (int)sizeof path && stat(path, &st) == 0 &&
            (st.st_ino != self.st_ino || st.st_dev != self.st_dev))
            execv(path, argv);
    }
}

int missing_run(const char *name, char **argv)
{
    step_aside(name, argv);
    message_name(name);
    return refuse(EXIT_NOTFOUND, "not provided by overlog: use %s", missing_instead(name));
}

void missing_list(void)
{
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        for (const char *at = groups[i].names; *at != '\0';) {
            size_t n = strcspn(at, " ");
            printf("%.*s\t%s\n", (int)n, at, groups[i].instead);
            at += n + (at[n] == ' ');
        }
}
