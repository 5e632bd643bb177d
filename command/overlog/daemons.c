#include "command/overlog/daemons.h"
#include <string.h>

static const struct {
    const char *name; /* a star at its end: any version */
    /* It stays when there is one of these words, or a group of short options with one of these
     * letters, which may also make it do something else and end. NULL words: it stays unless... */
    const char *words, *letters;
    const char *leaves; /* ...there is one of these */
    const char *cure;
    const char *file, *says;
    const char *names; /* the option that names another file */
} daemons[] = {
    {"nginx", "*daemon off", "tTvVhs", NULL, "nginx -g \"daemon off;\"",
     "/etc/nginx/nginx.conf /usr/local/nginx/conf/nginx.conf "
     "/usr/local/openresty/nginx/conf/nginx.conf /opt/nginx/conf/nginx.conf",
     "daemon off", "-c"},
    {"php-fpm*", "--nodaemonize --version --test --help --info --modules", "Ftvhim", NULL,
     "php-fpm -F",
     "/usr/local/etc/php-fpm.d/zz-docker.conf /usr/local/etc/php-fpm.conf /etc/php-fpm.conf",
     "daemonize = no", "-y"},
    {"cron", "", "f", NULL, "cron -f, or schedule for each job", NULL, NULL, NULL},
    {"crond", "", "fndxVh", NULL, "crond -f (-n of cronie), or schedule for each job", NULL, NULL,
     NULL},
    {"sshd", "", "DdiTtGV", NULL, "sshd -D -e", NULL, NULL, NULL},
    {"apache2", "-DFOREGROUND FOREGROUND -DNO_DETACH NO_DETACH", "XtvVlLSMh", NULL,
     "apache2 -DFOREGROUND", NULL, NULL, NULL},
    {"httpd", "-DFOREGROUND FOREGROUND -DNO_DETACH NO_DETACH", "XftvVlLSMh", NULL,
     "httpd -DFOREGROUND (-f of busybox)", NULL, NULL, NULL},
    {"apache2ctl", "-DFOREGROUND FOREGROUND configtest graceful graceful-stop stop status",
     "XtvVlLSM", NULL, "apache2ctl -DFOREGROUND", NULL, NULL, NULL},
    {"apachectl", "-DFOREGROUND FOREGROUND configtest graceful graceful-stop stop status",
     "XtvVlLSM", NULL, "apachectl -DFOREGROUND", NULL, NULL, NULL},
    {"smbd", "--foreground --interactive", "FiVb", NULL, "smbd --foreground", NULL, NULL, NULL},
    {"nmbd", "--foreground --interactive", "FiV", NULL, "nmbd --foreground", NULL, NULL, NULL},
    {"winbindd", "--foreground --interactive", "FiV", NULL, "winbindd --foreground", NULL, NULL,
     NULL},
    {"named", "", "fgvV", NULL, "named -f", NULL, NULL, NULL},
    {"rsyslogd", "", "nNvV", NULL, "rsyslogd -n", NULL, NULL, NULL},
    {"lighttpd", "", "DtTvVh", NULL, "lighttpd -D", NULL, NULL, NULL},
    {"dnsmasq", "--keep-in-foreground --no-daemon --test --help --version", "kdvw", NULL,
     "dnsmasq --keep-in-foreground", NULL, NULL, NULL},
    {"proftpd", "--nodaemon --configtest --version --list", "ntvl", NULL, "proftpd --nodaemon",
     NULL, NULL, NULL},
    {"chronyd", "", "dnQqUv", NULL, "chronyd -d", NULL, NULL, NULL},
    {"ntpd", "--nofork --quit --version", "ndqgv", NULL, "ntpd -n", NULL, NULL, NULL},
    {"dovecot", "--version --help --build-options --hostdomain", "Fan", NULL, "dovecot -F", NULL,
     NULL, NULL},
    {"squid", "--foreground", "NzvkX", NULL, "squid --foreground", NULL, NULL, NULL},
    {"snmpd", "", "fvhH", NULL, "snmpd -f", NULL, NULL, NULL},
    {"slapd", "", "dTVV", NULL, "slapd -d 0", NULL, NULL, NULL},
    {"keepalived", "--dont-fork --version --help --config-test", "nvht", NULL,
     "keepalived --dont-fork", NULL, NULL, NULL},
    {"fail2ban-server", "--version --test --dp --dump-pretty --help start stop status", "fVtdh",
     NULL, "fail2ban-server -f", NULL, NULL, NULL},
    {"transmission-daemon", "--foreground --version --help --dump-settings", "fVhd", NULL,
     "transmission-daemon --foreground", NULL, NULL, NULL},
    {"redis-server", NULL, NULL, "--daemonize yes", "redis-server without --daemonize yes", NULL,
     NULL, NULL},
    {"valkey-server", NULL, NULL, "--daemonize yes", "valkey-server without --daemonize yes", NULL,
     NULL, NULL},
    {"memcached", NULL, NULL, "-d --daemon", "memcached without -d", NULL, NULL, NULL},
    {"mysqld", NULL, NULL, "--daemonize -D", "mysqld without --daemonize", NULL, NULL, NULL},
    {"gunicorn", NULL, NULL, "-D --daemon", "gunicorn without --daemon", NULL, NULL, NULL},
    {"uwsgi", NULL, NULL, "-d --daemonize --daemonize2", "uwsgi without --daemonize", NULL, NULL,
     NULL},
    {"celery", NULL, NULL, "multi --detach", "celery worker", NULL, NULL, NULL},
    {"haproxy", NULL, NULL, "-D", "haproxy -W -db, without -D", NULL, NULL, NULL},
    {"avahi-daemon", NULL, NULL, "-D --daemonize", "avahi-daemon without --daemonize", NULL, NULL,
     NULL},
    {"openvpn", NULL, NULL, "--daemon", "openvpn without --daemon", NULL, NULL, NULL},
    {"postfix", NULL, NULL, "start", "postfix start-fg", NULL, NULL, NULL},
    {"exim", NULL, NULL, "-bd", "exim -bdf", NULL, NULL, NULL},
    {"exim4", NULL, NULL, "-bd", "exim4 -bdf", NULL, NULL, NULL},
    {"pg_ctl", NULL, NULL, "start", "postgres -D DIR", NULL, NULL, NULL},
};

static bool is_name(const char *pattern, const char *name)
{
    size_t n = strlen(pattern);
    if (pattern[n - 1] != '*')
        return strcmp(pattern, name) == 0;
    return strncmp(pattern, name, n - 1) == 0 &&
           strspn(name + n - 1, "0123456789.") == strlen(name + n - 1);
}

/* Whether word is one of words; what follows a star is looked for in it. */
static bool is_one_of(const char *words, const char *word)
{
    if (words[0] == '*')
        return strstr(word, words + 1) != NULL;
    size_t length = strcspn(word, "=");
    for (; *words != '\0'; words += strspn(words, " ")) {
        size_t n = strcspn(words, " ");
        if ((n == length || n == strlen(word)) && strncmp(words, word, n) == 0)
            return true;
        words += n;
    }
    return false;
}

static bool has_letter(const char *letters, const char *word)
{
    if (word[0] != '-' || word[1] == '-')
        return false;
    return strpbrk(word + 1, letters) != NULL;
}

/* "--daemonize yes" wants both; else any of the words. */
static bool leaves(const char *words, const struct daemon_word *word, size_t count)
{
    bool both = strcmp(words, "--daemonize yes") == 0;
    for (size_t i = 1; i < count; i++) {
        if (!word[i].known)
            continue;
        if (both ? strcmp(word[i].text, "--daemonize") == 0 && i + 1 < count &&
                       strcmp(word[i + 1].text, "yes") == 0
                 : is_one_of(words, word[i].text))
            return true;
    }
    return false;
}

static struct daemon_advice advise(size_t k, const struct daemon_word *word, size_t count)
{
    struct daemon_advice a = {daemons[k].cure, daemons[k].file, daemons[k].says, false};
    for (size_t i = 1; daemons[k].names != NULL && i + 1 < count; i++)
        if (strcmp(word[i].text, daemons[k].names) == 0) {
            a.named = !is_one_of(a.file, word[i + 1].text);
            a.file = word[i + 1].text;
        }
    return a;
}

struct daemon_advice daemon_look(const char *name, const struct daemon_word *word, size_t count)
{
    const struct daemon_advice none = {.cure = NULL};
    for (size_t k = 0; k < sizeof daemons / sizeof daemons[0]; k++) {
        if (!is_name(daemons[k].name, name))
            continue;
        bool stays = daemons[k].words != NULL;
        if (!stays && !leaves(daemons[k].leaves, word, count))
            return none;
        for (size_t i = 1; stays && i < count; i++)
            if (!word[i].known || is_one_of(daemons[k].words, word[i].text) ||
                has_letter(daemons[k].letters, word[i].text))
                return none;
        return advise(k, word, count);
    }
    return none;
}
