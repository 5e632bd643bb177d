"""overlog import of units of systemd: units in the shapes that daemons packaged in Debian have, and some that boot."""

import os
import re
import shutil
import subprocess

import pytest

from lib.build import OVERLOG

INSTALL = "[Install]\nWantedBy=multi-user.target\n"
ENDS = "ok HUP INT PIPE TERM"

# name: (unit, lines that its section has, pieces of what is said)
SHAPES = {
    # A daemon that leaves for the background, and is stopped by another program.
    "nginx": ("""[Unit]
After=network-online.target remote-fs.target nss-lookup.target
Wants=network-online.target
[Service]
Type=forking
PIDFile=/run/nginx.pid
ExecStartPre=/usr/sbin/nginx -t -q -g 'daemon on; master_process on;'
ExecStart=/usr/sbin/nginx -g 'daemon on; master_process on;'
ExecReload=/usr/sbin/nginx -g 'daemon on; master_process on;' -s reload
ExecStop=-/sbin/start-stop-daemon --quiet --stop --retry QUIT/5 --pidfile /run/nginx.pid
TimeoutStopSec=5
KillMode=mixed
""", ["    /usr/sbin/nginx -t -q -g 'daemon on; master_process on;' || exit",
      "    /usr/sbin/nginx -g 'daemon on; master_process on;' 3>&- || exit",
      "    until pid=$(cat /run/nginx.pid 2>/dev/null) && kill -s 0 \"$pid\" 2>/dev/null; do",
      "notification-fd = 3", "stop-timeout = 5s", "flag-timeout-killpg = yes", f"restart = never, {ENDS}", "cwd = /"],
        ["nginx.service:5: Type=forking: it is watched by its PIDFile=", "nginx -g \"daemon off;\"",
         "nginx.service:9: ExecReload=/usr/sbin/nginx", "nginx.service:10: ExecStop=-/sbin/start-stop-daemon"]),
    # Options in a file that may be absent, split at blanks; a status that ends all tries.
    "ssh": ("""[Unit]
After=network.target auditd.service
ConditionPathExists=!/etc/ssh/sshd_not_to_be_run
[Service]
EnvironmentFile=-/etc/default/ssh
ExecStartPre=/usr/sbin/sshd -t
ExecStart=/usr/sbin/sshd -D $SSHD_OPTS
ExecReload=/usr/sbin/sshd -t
ExecReload=/bin/kill -HUP $MAINPID
KillMode=process
Restart=on-failure
RestartPreventExitStatus=255
Type=notify
RuntimeDirectory=sshd
RuntimeDirectoryMode=0755
""", ["    set -f", "    /usr/sbin/sshd -t || exit", "    exec /usr/sbin/sshd -D $SSHD_OPTS",
      "env-file = -o /etc/default/ssh", "ready = notify", f"restart = on-failure, {ENDS}, 4 in 10s, wait 100ms..100ms",
      "    case \"$1\" in", "    255) exit 125 ;;", "needs = ssh-directories", "env = RUNTIME_DIRECTORY=/run/sshd"],
        ["ssh.service:2: After=auditd.service: that unit is not imported", "ssh.service:3: ConditionPathExists=!/etc/ssh",
         "ssh.service:8: ExecReload=/usr/sbin/sshd -t: not done"]),
    "apache2": ("""[Service]
Type=forking
Environment=APACHE_STARTED_BY_SYSTEMD=true
ExecStart=/usr/sbin/apachectl start
ExecStop=/usr/sbin/apachectl graceful-stop
ExecReload=/usr/sbin/apachectl graceful
KillMode=mixed
PrivateTmp=true
Restart=on-abort
""", ["run = /usr/sbin/apachectl start", "env = APACHE_STARTED_BY_SYSTEMD=true",
      "# apache2.service:8: PrivateTmp=true", "    # Restart=on-abort",
      "    [ \"$1\" = 0 ] || [ \"$1\" = 256 ] || exit 125"],
        ["without PIDFile= nothing tells which process it is", "apachectl -DFOREGROUND",
         "1 setting of isolation, as PrivateTmp=, is a comment"]),
    # Some commands are root's, some the user's; something is done when it is up.
    "mariadb": ("""[Service]
Type=notify
PrivateNetwork=false
User=mysql
Group=mysql
CapabilityBoundingSet=CAP_IPC_LOCK
ProtectSystem=full
ProtectHome=true
ExecStartPre=+/usr/bin/install -m 755 -o mysql -g root -d /var/run/mysqld
ExecStartPre=/bin/sh -c "systemctl unset-environment _WSREP_START_POSITION"
ExecStart=/usr/sbin/mariadbd $MYSQLD_OPTS $_WSREP_NEW_CLUSTER $_WSREP_START_POSITION
ExecStartPost=+/etc/mysql/debian-start
KillSignal=SIGTERM
SendSIGKILL=no
Restart=on-abnormal
RestartSec=5s
UMask=007
TimeoutStartSec=900
TimeoutStopSec=900
LimitNOFILE=32768
""", ["    /usr/bin/install -m 755 -o mysql -g root -d /var/run/mysqld || exit",
      "    s6-setuidgid mysql /bin/sh -c 'systemctl unset-environment _WSREP_START_POSITION' || exit",
      "    exec s6-setuidgid mysql /usr/sbin/mariadbd $MYSQLD_OPTS $_WSREP_NEW_CLUSTER $_WSREP_START_POSITION",
      "[mariadb-started]", "once = /etc/mysql/debian-start", "needs = mariadb", "umask = 007", "timeout-up = 15m",
      "limits = nofile=32768", "env = USER=mysql LOGNAME=mysql",
      f"restart = on-failure, {ENDS}, 4 in 10s, wait 5s..5s"],
        ["mariadb.service:12: ExecStartPost=+/etc/mysql/debian-start: done once, by mariadb-started",
         "mariadb.service:4: User=mysql: HOME stays that of the container"]),
    "redis-server": ("""[Service]
Type=notify
ExecStart=/usr/bin/redis-server /etc/redis/redis.conf --supervised systemd --daemonize no
PIDFile=/run/redis/redis-server.pid
TimeoutStopSec=0
Restart=always
User=redis
Group=redis
RuntimeDirectory=redis
RuntimeDirectoryMode=2755
UMask=007
LimitNOFILE=65535
PrivateDevices=true
NoExecPaths=/
ExecPaths=/usr/bin/redis-server
[Install]
WantedBy=multi-user.target
Alias=redis.service
""", ["run = /usr/bin/redis-server /etc/redis/redis.conf --supervised systemd --daemonize no", "user = redis",
      "once = s6-envuidgid redis if { s6-mkdir -p /run/redis } if { s6-chown -U /run/redis } s6-chmod 2755 /run/redis", "restart = always, 4 in 10s, wait 100ms..100ms",
      "# redis-server.service:13: PrivateDevices=true"], ["3 settings of isolation, as PrivateTmp=, are comments"]),
    "memcached": ("""[Service]
Environment=PIDFILE=/var/run/memcached/memcached.pid
ExecStart=/usr/share/memcached/scripts/systemd-memcached-wrapper /etc/memcached.conf
Restart=on-failure
PrivateTmp=true
MemoryDenyWriteExecute=true
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=true
""", ["run = /usr/share/memcached/scripts/systemd-memcached-wrapper /etc/memcached.conf",
      "env = PIDFILE=/var/run/memcached/memcached.pid",
      "# memcached.service:7: RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX"], []),
    "cron": ("""[Service]
EnvironmentFile=-/etc/default/cron
ExecStart=/usr/sbin/cron -f -P $EXTRA_OPTS
IgnoreSIGPIPE=false
KillMode=process
Restart=on-failure
SyslogFacility=cron
""", ["    exec /usr/sbin/cron -f -P $EXTRA_OPTS", "env-file = -o /etc/default/cron", "stop-timeout = 1m 30s"],
        ["cron.service:7: SyslogFacility=cron: lines go to the service's log"]),
    "rsyslog": ("""[Unit]
Requires=syslog.socket
[Service]
Type=notify
ExecStart=/usr/sbin/rsyslogd -n -iNONE
StandardOutput=null
StandardError=journal
Restart=on-failure
LimitNOFILE=16384
CapabilityBoundingSet=CAP_BLOCK_SUSPEND CAP_CHOWN
SystemCallFilter=@system-service
[Install]
WantedBy=multi-user.target
Alias=syslog.service
""", ["    exec >/dev/null", "    exec /usr/sbin/rsyslogd -n -iNONE", "limits = nofile=16384"], []),
    "chrony": ("""[Unit]
Conflicts=openntpd.service ntp.service
[Service]
Type=forking
PIDFile=/run/chrony/chronyd.pid
EnvironmentFile=-/etc/default/chrony
ExecStart=!/usr/lib/systemd/scripts/chronyd-starter.sh $DAEMON_OPTS
User=_chrony
ProcSubset=pid
""", ["    /usr/lib/systemd/scripts/chronyd-starter.sh $DAEMON_OPTS 3>&- || exit", "env-file = -o /etc/default/chrony"],
        ["chrony.service:2: Conflicts=openntpd.service: that unit is not imported"]),
    "named": ("""[Unit]
Wants=nss-lookup.target
Before=nss-lookup.target
[Service]
Type=notify
EnvironmentFile=-/etc/default/named
ExecStart=/usr/sbin/named -f $OPTIONS
ExecReload=/usr/sbin/rndc reload
ExecStop=/usr/sbin/rndc stop
Restart=on-failure
[Install]
WantedBy=multi-user.target
Alias=bind9.service
""", ["    exec /usr/sbin/named -f $OPTIONS"],
        ["named.service:9: ExecStop=/usr/sbin/rndc stop: not done: it is stopped by a signal"]),
    # Variables in quotes, some lines that go on, and a word with one of them.
    "haproxy": ("""[Service]
EnvironmentFile=-/etc/default/haproxy
EnvironmentFile=-/etc/sysconfig/haproxy
Environment="CONFIG=/etc/haproxy/haproxy.cfg" "PIDFILE=/run/haproxy.pid" \\
            "EXTRAOPTS=-S /run/haproxy-master.sock"
ExecStart=/usr/sbin/haproxy -Ws -f $CONFIG \\
    # a comment between them
    -p $PIDFILE $EXTRAOPTS
ExecReload=/usr/sbin/haproxy -Ws -f $CONFIG -c -q $EXTRAOPTS
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
Restart=always
SuccessExitStatus=143
Type=notify
""", ["    exec with-envfile -o /etc/default/haproxy with-envfile -o /etc/sysconfig/haproxy sh -c 'set -f",
      "    exec /usr/sbin/haproxy -Ws -f $CONFIG -p $PIDFILE $EXTRAOPTS'",
      'env = CONFIG=/etc/haproxy/haproxy.cfg PIDFILE=/run/haproxy.pid "EXTRAOPTS=-S /run/haproxy-master.sock"'], []),
    "php8.2-fpm": ("""[Service]
Type=notify
ExecStart=/usr/sbin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf
ExecStartPost=-/usr/lib/php/php-fpm-socket-helper install /run/php/php-fpm.sock /etc/php/8.2/fpm/pool.d/www.conf 82
ExecStopPost=-/usr/lib/php/php-fpm-socket-helper remove /run/php/php-fpm.sock /etc/php/8.2/fpm/pool.d/www.conf 82
ExecReload=/bin/kill -USR2 $MAINPID
""", ["run = /usr/sbin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf", "reload-signal = USR2",
      "[php8.2-fpm-started]", "finish =",
      "    /usr/lib/php/php-fpm-socket-helper remove /run/php/php-fpm.sock /etc/php/8.2/fpm/pool.d/www.conf 82"], []),
    "tor@default": ("""[Unit]
PartOf=tor.service
[Service]
Type=notify
NotifyAccess=all
PIDFile=/run/tor/tor.pid
ExecStartPre=/usr/bin/install -Z -m 02755 -o debian-tor -g debian-tor -d /run/tor
ExecStart=/usr/bin/tor --defaults-torrc /usr/share/tor/%i-torrc -f /etc/tor/torrc --RunAsDaemon 0
ExecReload=/bin/kill -HUP ${MAINPID}
KillSignal=SIGINT
TimeoutStartSec=300
TimeoutStopSec=60
Restart=on-failure
LimitNOFILE=65536
AppArmorProfile=-system_tor
ReadWriteDirectories=-/var/lib/tor
""", ["[tor-default]", "signal = INT", "stop-timeout = 1m", "timeout-up = 5m",
      "    exec /usr/bin/tor --defaults-torrc /usr/share/tor/default-torrc -f /etc/tor/torrc --RunAsDaemon 0",
      "# tor@default.service:15: AppArmorProfile=-system_tor"], ["tor@default.service:2: PartOf=tor.service: services do not"]),
    "mosquitto": ("""[Service]
Type=notify
NotifyAccess=main
ExecStart=/usr/sbin/mosquitto -c /etc/mosquitto/mosquitto.conf
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
ExecStartPre=/bin/mkdir -m 740 -p /var/log/mosquitto
ExecStartPre=/bin/chown mosquitto:mosquitto /var/log/mosquitto
""", ["    /bin/mkdir -m 740 -p /var/log/mosquitto || exit",
      "    exec /usr/sbin/mosquitto -c /etc/mosquitto/mosquitto.conf"], []),
    "prometheus": ("""[Service]
Restart=on-failure
User=prometheus
EnvironmentFile=/etc/default/prometheus
ExecStart=/usr/bin/prometheus $ARGS
ExecReload=/bin/kill -HUP $MAINPID
TimeoutStopSec=20s
SendSIGKILL=no
LimitNOFILE=8192
ProtectClock=true
""", ["    exec /usr/bin/prometheus $ARGS", "env-file = /etc/default/prometheus", "user = prometheus"], []),
    "grafana-server": ("""[Service]
EnvironmentFile=/etc/default/grafana-server
User=grafana
Group=grafana-users
Type=simple
Restart=on-failure
WorkingDirectory=/usr/share/grafana
RuntimeDirectory=grafana
ExecStart=/usr/share/grafana/bin/grafana server                                \\
                            --config=${CONF_FILE}                               \\
                            --pidfile=${PID_FILE_DIR}/grafana-server.pid        \\
                            cfg:default.paths.logs=${LOG_DIR}
LimitNOFILE=10000
TimeoutStopSec=20
UMask=0027
""", ["run = s6-envuidgid grafana s6-envuidgid -ng grafana-users s6-applyuidgid -Uz /usr/share/grafana/bin/grafana server "
      "--config=${CONF_FILE} --pidfile=${PID_FILE_DIR}/grafana-server.pid cfg:default.paths.logs=${LOG_DIR}",
      "cwd = /usr/share/grafana", "umask = 0027", "env-file = /etc/default/grafana-server",
      "once = s6-envuidgid grafana s6-envuidgid -ng grafana-users if { s6-mkdir -p /run/grafana } if { s6-chown -U /run/grafana } "
      "s6-chmod 0755 /run/grafana"], []),
    "rabbitmq-server": ("""[Service]
Type=notify
User=rabbitmq
Group=rabbitmq
NotifyAccess=all
TimeoutStartSec=3600
LimitNOFILE=65536
Restart=on-failure
RestartSec=10
WorkingDirectory=/var/lib/rabbitmq
ExecStart=/usr/lib/rabbitmq/bin/rabbitmq-server
ExecStop=/usr/lib/rabbitmq/bin/rabbitmqctl shutdown
SuccessExitStatus=69
""", ["run = /usr/lib/rabbitmq/bin/rabbitmq-server", "cwd = /var/lib/rabbitmq",
      "restart = on-failure, ok 69 HUP INT PIPE TERM, 4 in 10s, wait 10s..10s", "timeout-up = 1h"], []),
    "unbound": ("""[Service]
Type=notify
Restart=on-failure
EnvironmentFile=-/etc/default/unbound
ExecStartPre=-/usr/libexec/unbound-helper chroot_setup
ExecStartPre=-/usr/libexec/unbound-helper root_trust_anchor_update
ExecStart=/usr/sbin/unbound -d -p $DAEMON_OPTS
ExecStopPost=-/usr/libexec/unbound-helper chroot_teardown
ExecReload=+/bin/kill -HUP $MAINPID
""", ["    /usr/libexec/unbound-helper chroot_setup", "    exec /usr/sbin/unbound -d -p $DAEMON_OPTS",
      "    with-envfile -o /etc/default/unbound /usr/libexec/unbound-helper chroot_teardown"], []),
    "fail2ban": ("""[Unit]
PartOf=nftables.service
[Service]
Type=simple
Environment="PYTHONNOUSERSITE=1"
ExecStartPre=/bin/mkdir -p /run/fail2ban
ExecStart=/usr/bin/fail2ban-server -xf start
ExecStop=/usr/bin/fail2ban-client stop
ExecReload=/usr/bin/fail2ban-client reload
PIDFile=/run/fail2ban/fail2ban.pid
Restart=on-failure
RestartPreventExitStatus=0 255
""", ["    exec /usr/bin/fail2ban-server -xf start", "    255) exit 125 ;;"], []),
    "smbd": ("""[Service]
Type=notify
PIDFile=/run/samba/smbd.pid
LimitNOFILE=16384
EnvironmentFile=-/etc/default/samba
ExecStartPre=/usr/share/samba/update-apparmor-samba-profile
ExecStart=/usr/sbin/smbd --foreground --no-process-group $SMBDOPTIONS
ExecReload=/bin/kill -HUP $MAINPID
LimitCORE=infinity
""", ["limits = core=unlimited nofile=16384"], []),
    "transmission-daemon": ("""[Service]
User=debian-transmission
Type=notify
ExecStart=/usr/bin/transmission-daemon -f --log-level=error
ExecStop=/bin/kill -s STOP $MAINPID
ExecReload=/bin/kill -s HUP $MAINPID
NoNewPrivileges=true
""", ["signal = STOP", "user = debian-transmission"], []),
    "tomcat10": ("""[Unit]
RequiresMountsFor=/var/log/tomcat10 /var/lib/tomcat10
[Service]
Environment="CATALINA_HOME=/usr/share/tomcat10"
Environment="CATALINA_BASE=/var/lib/tomcat10"
Environment="JAVA_OPTS=-Djava.awt.headless=true"
Type=simple
ExecStart=/bin/sh /usr/libexec/tomcat10/tomcat-start.sh
SuccessExitStatus=143
Restart=on-abort
SyslogIdentifier=tomcat10
User=tomcat
Group=tomcat
CacheDirectory=tomcat10
CacheDirectoryMode=750
ReadWritePaths=/etc/tomcat10/Catalina/
""", ["env = USER=tomcat LOGNAME=tomcat CATALINA_HOME=/usr/share/tomcat10 CATALINA_BASE=/var/lib/tomcat10 "
      "JAVA_OPTS=-Djava.awt.headless=true CACHE_DIRECTORY=/var/cache/tomcat10",
      "once = s6-envuidgid tomcat if { s6-mkdir -p /var/cache/tomcat10 } if { s6-chown -U /var/cache/tomcat10 } "
      "s6-chmod 750 /var/cache/tomcat10"], []),
    "squid": ("""[Service]
Type=notify
PIDFile=/run/squid.pid
ExecStartPre=/usr/sbin/squid --foreground -z
ExecStart=/usr/sbin/squid --foreground -sYC
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
NotifyAccess=all
""", ["    /usr/sbin/squid --foreground -z || exit"], []),
    "opendkim": ("""[Service]
Type=forking
PIDFile=/run/opendkim/opendkim.pid
User=opendkim
UMask=0007
ExecStart=/usr/sbin/opendkim
Restart=on-failure
ExecReload=/bin/kill -USR1 $MAINPID
RuntimeDirectory=opendkim
RuntimeDirectoryMode=0750
""", ["    /usr/sbin/opendkim 3>&- || exit", "user = opendkim", "reload-signal = USR1"], []),
    # Nothing runs: a name for others.
    "postfix": ("""[Unit]
Conflicts=sendmail.service exim4.service
ConditionPathExists=/etc/postfix/main.cf
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecReload=/bin/true
""", ["once = /bin/true"], ["postfix.service:8: ExecReload=/bin/true: write a command line of execline as reload"]),
    "postfix@-": ("""[Service]
Type=forking
GuessMainPID=no
ExecStartPre=/usr/lib/postfix/configure-instance.sh %i
ExecStart=/usr/sbin/postmulti -i %i -p start
ExecStop=/usr/sbin/postmulti -i %i -p stop
ExecReload=/usr/sbin/postmulti -i %i -p reload
""", ["    /usr/lib/postfix/configure-instance.sh - || exit"], ["without PIDFile= nothing tells"]),
    "containerd": ("""[Unit]
After=network.target local-fs.target dbus.service
[Service]
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
LimitNOFILE=infinity
TasksMax=infinity
OOMScoreAdjust=-999
""", ["limits = core=unlimited nofile=unlimited nproc=unlimited", "restart = always, 4 in 10s, wait 5s..5s"],
        ["containerd.service:14: TasksMax=infinity: resources are the container's"]),
    "docker": ("""[Unit]
Requires=docker.socket
BindsTo=containerd.service
StartLimitBurst=3
StartLimitInterval=60s
[Service]
Type=notify
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock
TimeoutSec=0
RestartSec=2
Restart=always
""", ["restart = always, 2 in 1m, wait 2s..2s"],
        ["docker.service:2: Requires=docker.socket: no socket is opened for it",
         "docker.service:3: BindsTo=containerd.service: that unit is not imported with it"]),
    "varnish": ("""[Service]
Type=simple
LimitNOFILE=131072
LimitMEMLOCK=85983232
ExecStart=/usr/sbin/varnishd \\
          -j unix,user=vcache \\
          -F \\
          -a :6081 \\
          -s malloc,256m
ExecReload=/usr/share/varnish/varnishreload
ProtectSystem=full
""", ["run = /usr/sbin/varnishd -j unix,user=vcache -F -a :6081 -s malloc,256m",
      "limits = memlock=85983232 nofile=131072"], []),
    "openvpn@": ("""[Service]
Type=notify
PrivateTmp=true
WorkingDirectory=/etc/openvpn
ExecStart=/usr/sbin/openvpn --daemon ovpn-%i --status /run/openvpn/%i.status 10 --cd /etc/openvpn --config /etc/openvpn/%i.conf
ExecReload=/bin/kill -HUP $MAINPID
LimitNPROC=100
""", ["[openvpn@]", "run = /usr/sbin/openvpn --daemon ovpn-${INSTANCE} --status /run/openvpn/${INSTANCE}.status 10 "
      "--cd /etc/openvpn --config /etc/openvpn/${INSTANCE}.conf", "instances = ${OPENVPN_INSTANCES:-0}"],
        ["openvpn@.service: a template: OPENVPN_INSTANCES in the container's environment"]),
    "nftables": ("""[Unit]
DefaultDependencies=no
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
[Service]
Type=oneshot
RemainAfterExit=yes
StandardInput=null
ProtectSystem=full
ExecStart=/usr/sbin/nft -f /etc/nftables.conf
ExecReload=/usr/sbin/nft -f /etc/nftables.conf
ExecStop=/usr/sbin/nft flush ruleset
""", ["once = /usr/sbin/nft -f /etc/nftables.conf", 'down = with-contenv sh -c "/usr/sbin/nft flush ruleset || exit"'], []),
    "snmpd": ("""[Service]
Type=simple
ExecStartPre=/bin/mkdir -p /var/run/agentx
ExecStart=/usr/sbin/snmpd -LOw -u Debian-snmp -g Debian-snmp -I -smux,mteTrigger,mteTriggerConf -f
ExecReload=/bin/kill -HUP $MAINPID
""", ["    exec /usr/sbin/snmpd -LOw -u Debian-snmp -g Debian-snmp -I -smux,mteTrigger,mteTriggerConf -f"], []),
    "keepalived": ("""[Service]
Type=notify
NotifyAccess=all
EnvironmentFile=-/etc/default/keepalived
ExecStart=/usr/sbin/keepalived --dont-fork $DAEMON_ARGS
ExecReload=/bin/kill -HUP $MAINPID
KillMode=process
RestartForceExitStatus=3
Nice=-5
CPUSchedulingPolicy=rr
""", ["    exec s6-nice -n -5 sh -c 'set -f"],
        ["keepalived.service:8: RestartForceExitStatus=3: restart lists clean ends only",
         "keepalived.service:10: CPUSchedulingPolicy=rr: write a program as chrt"]),
    "dynamic": ("""[Service]
DynamicUser=yes
StateDirectory=dynamic
ExecStart=@/usr/bin/daemon called-so --name=${HOSTNAME}
Restart=on-success
[Install]
WantedBy=default.target
""", ["run = exec -a called-so /usr/bin/daemon --name=${HOSTNAME}", "user = dynamic",
      "    # Restart=on-success", "    256,15) ;;", "restart = always, 4 in 10s, wait 100ms..100ms"],
        ["dynamic.service:2: DynamicUser=yes: create the account dynamic in the image"]),
}


@pytest.fixture
def run(tmp_path):
    """run(*words, code=0): the program in a directory of its own."""
    def overlog(*words, code=0):
        r = subprocess.run([OVERLOG, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                           env={"PATH": "/usr/bin:/bin"})
        assert r.returncode == code, r.stdout + r.stderr
        return r
    return overlog


def content(tree):
    return {str(p.relative_to(tree)): p.read_text() for p in tree.rglob("*") if p.is_file()}


@pytest.fixture
def take(tmp_path, run):
    """take({name: unit}): the services.conf, and what was said. check passes it, and directories are the same."""
    def imports(units, *named):
        for name, unit in units.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(unit)
        files = named or [name for name in units if name.endswith(".service")]
        said = run("import", "-d", "conf", *files).stderr
        run("check", "conf")
        assert run("import", "-D", "-d", "dirs", *files).stderr == said
        run("check", "dirs")
        run("show", "-d", "conf", "-o", "shown")
        made = content(tmp_path / "dirs")
        assert made.pop("import-notes", None) == content(tmp_path / "conf").get("import-notes")
        assert content(tmp_path / "shown") == made
        for script in made.values():
            if script.startswith("#!/command/with-contenv"):
                subprocess.run(["sh", "-n"], input=script, text=True, check=True)
        text = (tmp_path / "conf/services.conf").read_text()
        for folder in ("conf", "dirs", "shown"):
            shutil.rmtree(tmp_path / folder)
        return text, said
    return imports


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(take, name):
    unit, lines, pieces = SHAPES[name]
    text, said = take({f"{name}.service": unit if "[Install]" in unit else unit + INSTALL})
    for line in lines:
        assert line in text.splitlines(), text
    for piece in pieces:
        assert piece in said, said
    assert "bundle = none" not in text.replace("-directories]", "").split(f"[{name}]")[-1]


def test_nothing_is_dropped(take, tmp_path):
    """Each line that means something is carried over, or named with file and line."""
    for name, (unit, _, _) in SHAPES.items():
        (tmp_path / f"{name}.service").write_text(unit + INSTALL)
    known = subprocess.run([OVERLOG, "import", "-d", "all", *(f"{name}.service" for name in SHAPES)], cwd=tmp_path,
                           capture_output=True, text=True, check=True)
    assert not [line for line in known.stderr.splitlines() if "no such setting" in line]
    assert subprocess.run([OVERLOG, "check", "all"], cwd=tmp_path, capture_output=True).returncode == 0
    text, said = take({"a.service": "[Unit]\nWhat=ever\nX-Ours=1\n[Service]\nExecStart=a\nExecStrat=b\nPrivateTmp=no\n"
                       "no sign\nType=odd\nUMask=9\nLimitCPU=x\nNice=99\nTimeoutStopSec=x\nRestartSec=y\nRestart=sometimes\n"
                       "KillSignal=SIGWHAT\nSuccessExitStatus=999\nEnvironment=1=2\nEnvironmentFile=etc/x\n"
                       "StandardOutput=file:/var/log/a\nStandardInput=socket\n[Socket]\nListenStream=1\n" + INSTALL})
    for line, piece in ((2, "What=ever: no such setting"), (6, "ExecStrat=b: no such setting"), (8, "no sign: there is no ="),
                        (9, "Type=odd: there is no such type"), (10, "UMask=9: this is no mask"),
                        (11, "LimitCPU=x: this is no limit"), (12, "Nice=99: this is no number"),
                        (13, "TimeoutStopSec=x: this is no time"), (15, "Restart=sometimes: there is no such policy"),
                        (16, "KillSignal=SIGWHAT: there is no such signal"), (18, "Environment=1=2: \"1=2\" sets no"),
                        (19, "EnvironmentFile=etc/x: a file is named by its whole path"),
                        (20, "StandardOutput=file:/var/log/a: its output is in its log directory"),
                        (21, "StandardInput=socket: standard input is empty"),
                        (23, "ListenStream=1: there is no such section")):
        assert f"a.service:{line}: {piece}" in said, said
    assert "X-Ours" not in said and "PrivateTmp" not in said
    text, said = take({"o.service": "[Unit]\nFailureAction=reboot\n[Service]\nType=oneshot\nExecStart=/bin/o\nRestart=on-failure\n"
                       "SuccessExitStatus=3\n" + INSTALL, "c.service": "[Service]\nExecCondition=/bin/c\nExecStart=/bin/c\n"
                       "Restart=always\nTimeoutStartSec=7\n" + INSTALL})
    for piece in ("o.service:2: FailureAction=reboot: S6_BEHAVIOUR_IF_STAGE2_FAILS=2", "o.service:6: Restart=on-failure: a oneshot",
                  "o.service:7: SuccessExitStatus=3: a oneshot succeeds", "c.service:2: ExecCondition=/bin/c: with Restart=always"):
        assert piece in said, said
    assert "timeout-up = 7s\n" in text


def test_which_ends_start_it_again(run, tmp_path):
    """The finish script of Restart=on-success, given each end as the supervisor gives it; 125: it stays down."""
    (tmp_path / "s.service").write_text("[Service]\nExecStart=/bin/s\nRestart=on-success\nSuccessExitStatus=1 75 SIGUSR1\n"
                                        "RestartPreventExitStatus=75\n" + INSTALL)
    run("import", "-D", "-d", "dirs", "s.service")
    finish = tmp_path / "dirs/s6-rc.d/s/finish"
    ends = {"0 0": 0, "1 0": 0, "2 0": 125, "75 0": 125, "15 0": 125, "256 15": 0, "256 10": 0, "256 1": 0, "256 9": 125}
    assert {end: subprocess.run(["sh", finish, *end.split(), "s"]).returncode for end in ends} == ends


def test_needs_that_are_less_than_what_systemd_has(take):
    """In the import itself, and of a service that is in the tree already."""
    def unit(name, line):
        return f"[Unit]\n{line}\n[Service]\nExecStart=/bin/{name}\n{INSTALL}"
    text, said = take({"db.service": unit("db", "After=network.target"), "bound.service": unit("bound", "BindsTo=db.service"),
                       "only.service": unit("only", "Requisite=db.service"), "usual.service": unit("usual", "Requires=db.service")})
    assert text.count("needs = db\n") == 3
    assert ("bound.service:2: BindsTo=db.service: needs: when db dies, nothing stops bound; a hook in "
            "/etc/s6-overlay/on-event.d may: event-hooks(8)\n") in said
    assert ("only.service:2: Requisite=db.service: needs, which starts db where systemd fails; when it dies, nothing stops "
            "only\n") in said
    assert said.count("warning: ") == 2
    text, said = take({"bound.service": unit("bound", "BindsTo=dev-x.device other.service")})
    assert "nothing stops" not in said and "BindsTo=other.service: that unit is not imported with it" in said


def test_a_template_whose_name_begins_with_a_digit(take):
    text, said = take({"3proxy@.service": "[Service]\nExecStart=/bin/3proxy %i\n" + INSTALL + "DefaultInstance=main\n"})
    assert "instances = ${_3PROXY_INSTANCES:-main}\n" in text and "cannot be the name" not in said, text + said


def test_a_default_instance_with_an_unknown_specifier(take):
    text, said = take({"a@.service": "[Service]\nExecStart=/bin/a\n" + INSTALL + "DefaultInstance=%z\n"})
    assert "instances = ${A_INSTANCES:-0}\n" in text
    assert "a@.service:5: DefaultInstance=%z: %z is not known here" in said, said


def test_each_unknown_specifier_is_named(take):
    _, said = take({"a.service": "[Service]\nExecStart=/bin/a %m %b %v %m\nWorkingDirectory=/x%o/%a\n" + INSTALL})
    assert "a.service:2: ExecStart=/bin/a %m %b %v %m: %m, %b, %v are not known here, and stay as they are" in said, said
    assert "a.service:3: WorkingDirectory=/x%o/%a: %o, %a are not known here" in said, said


@pytest.mark.parametrize("word", ["no", "off", "False"])
def test_a_oneshot_that_does_not_stay(take, word):
    text, said = take({"o.service": f"[Service]\nType=oneshot\nExecStart=/bin/o\nExecStop=/bin/p\nRemainAfterExit={word}\n" + INSTALL})
    assert "down" not in text and "o.service:4: ExecStop=/bin/p: of a oneshot that does not stay" in said, text + said


def test_isolation_of_several_units(take):
    """The settings themselves are only written down; nothing else is silenced by one that two units have."""
    _, said = take({"a.service": "[Service]\nPrivateTmp=yes\nExecStart=/bin/a\nUMask=9\n" + INSTALL,
                    "b.service": "[Service]\nPrivateTmp=yes\nExecStart=/bin/b\n" + INSTALL})
    assert "PrivateTmp=yes" not in said and "a.service, b.service: 1 setting of isolation" in said, said
    assert "a.service:4: UMask=9: this is no mask" in said, said


def test_quoting(take):
    """Words are as systemd has them, and variables are as well."""
    text, said = take({"q@x.service": "[Service]\nExecStart=/bin/q 'a b' \"c'd\" e\\x20f \\\"g ${A}h $$B %% %i %p %n \\; %z '' \\\\i\n"
                       "Environment=\"A=1 $x\" B=%i 'C=\"'\n" + INSTALL})
    (line,) = re.findall("^run = .*", text, re.M)
    assert line == 'run = /bin/q "a b" "c\'d" "e f" "\\"g" ${A}h "\\\\$B" % x q q@x.service ";" %z "" "\\\\i"'
    assert 'env = "A=1 \\\\$x" B=x "C=\\""\n' in text
    assert "q@x.service:2: ExecStart=/bin/q" in said and "%z is not known here, and stays as it is" in said


def test_dropins(take):
    """As systemd reads them: by name, the unit's own before those of all services; an empty value takes back."""
    main = "[Service]\nExecStart=/bin/one\nEnvironment=A=1\nUser=web\n" + INSTALL
    text, said = take({
        "etc/systemd/system/web@x.service.d/20.conf": "[Service]\nEnvironment=B=3\nPrivateTmp=yes\n",
        "etc/systemd/system/web@.service.d/10.conf": "[Service]\nExecStart=\nExecStart=/bin/two %i\n",
        "usr/lib/systemd/system/web@x.service.d/20.conf": "[Service]\nEnvironment=B=2\n",
        "usr/lib/systemd/system/service.d/30.conf": "[Service]\nLimitNOFILE=64\n",
        "usr/lib/systemd/system/web@x.service.d/note.txt": "[Service]\nUMask=0\n",
        "usr/lib/systemd/system/web@.service": main}, "usr/lib/systemd/system/web@x.service")
    assert "run = /bin/two x\n" in text and "limits = nofile=64\n" in text and "umask" not in text
    assert "env = USER=web LOGNAME=web A=1 B=3\n" in text
    assert "# 20.conf:3: PrivateTmp=yes\n" in text
    text, said = take({"u/a.service": main, "u/a.service.d/x.conf": "[Service]\nExecStart=\nExecStart=/bin/three\nwhat\n"})
    assert "run = /bin/three\n" in text and "u/a.service.d/x.conf:4: what: there is no = in this line" in said


def test_a_dropin_that_is_masked(take, tmp_path):
    (tmp_path / "a.service.d").mkdir()
    os.symlink("/dev/null", tmp_path / "a.service.d/x.conf")
    os.symlink("/dev/null", tmp_path / "off.service")
    _, said = take({"a.service": "[Service]\nExecStart=/bin/a\n" + INSTALL}, "a.service", "off.service")
    assert said == "overlog import: warning: off.service: left out: it is empty or masked\n"


def test_order(take):
    """Units know each other by name, alias and template; who is ordered behind what does not start is not."""
    text, said = take({
        "app.service": "[Unit]\nAfter=db.service cache.service never.service lib.service\nRequires=sql.service\nWants=helper.service\n"
                       "Conflicts=cache.service\n[Service]\nExecStart=/bin/app\n" + INSTALL,
        "db.service": "[Service]\nExecStart=/bin/db\nExecStartPost=/bin/fill\n[Install]\nWantedBy=multi-user.target\nAlias=sql.service\n",
        "cache.service": "[Unit]\nBefore=late@x.service\nAfter=app.service\n[Service]\nExecStart=/bin/cache\n" + INSTALL,
        "helper.service": "[Service]\nExecStart=/bin/helper\n",
        "lib.service": "[Service]\nExecStart=/bin/lib\n",
        "late@.service": "[Service]\nExecStart=/bin/late %i\n[Install]\nWantedBy=multi-user.target\nDefaultInstance=x\n",
        "front.service": "[Service]\nExecStart=/bin/front\n[Install]\nRequiredBy=app.service\n",
    })
    sections = {part.split("]")[0]: part for part in re.split(r"^\[", text, flags=re.M)[1:]}
    assert "needs = db-started front\n" in sections["app"] and "after" in sections["app"]
    assert "bundle" not in sections["helper"] and "bundle = none\n" in sections["lib"]
    assert "after = cache\n" in sections["late@"] and "instances = ${LATE_INSTANCES:-x}\n" in sections["late@"]
    for piece in ("app.service:2: After=never.service: that unit is not imported with it",
                  "app.service:5: Conflicts=cache.service: nothing keeps two services",
                  "left out, since app waits for cache", "After=db.service cache.service never.service lib.service: lib is not started",
                  "lib.service: nothing starts it (no WantedBy=)"):
        assert piece in said, said


def test_what_is_left_out(take, tmp_path, run):
    text, said = take({"a.service": "[Service]\nExecStart=/bin/a\n" + INSTALL, "b.service": "[Unit]\nDescription=none\n",
                       "job@.service": "[Service]\nType=oneshot\nExecStart=/bin/job %i\n",
                       "c.service": "[Service]\nExecStart=/bin/c 'x\n" + INSTALL,
                       "o.service": "[Service]\nType=oneshot\nExecStart=/bin/o 'x\n" + INSTALL, "t.timer": "[Timer]\nOnCalendar=daily\n"},
                      "a.service", "b.service", "job@.service", "c.service", "o.service", "t.timer", "job@one.service")
    assert re.findall(r"^\[.*", text, re.M) == ["[a]", "[job-one]"] and "once = /bin/job one\n" in text
    for piece in ("b.service, c.service, o.service: left out: nothing says what it starts", "job@.service: left out: a oneshot has no instances",
                  "as job@NAME.service", "c.service:2: ExecStart=/bin/c 'x: a quote has no end",
                  "t.timer: left out: a timer is no service; schedule takes the place"):
        assert piece in said, said
    assert run("import", "-d", "n", tmp_path / "nothere.service", code=111).stderr.endswith("No such file or directory\n")
    (tmp_path / "odd").write_text("[Service]\nExecStart=/bin/odd\n" + INSTALL)
    assert "[odd]\n" in take({}, "odd")[0]


SHOW = """#!/bin/sh
for word; do echo "<$word>"; done
echo "[$(id -un) $(pwd) $USER $RUNTIME_DIRECTORY $(umask) $(ulimit -Sn)]"
exec sleep 1000
"""


def test_units_boot(tree, boot):
    """What becomes of them runs as systemd would run it."""
    tree.script("/app/show", SHOW)
    tree.script("/app/who", "#!/bin/sh\nid -u -n\nid -g\ncut -d' ' -f19 /proc/self/stat\nexec sleep 1000\n")
    tree.write("/etc/default/app", "OPTS=\"--one * x\"\nB=from-file\n")
    units = {
        "prep": "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/echo prepared ; /bin/echo twice\n"
                "ExecStop=/bin/echo undone\n",
        "app": "[Unit]\nRequires=prep.service\nAfter=prep.service\n[Service]\nUser=www-data\nRuntimeDirectory=app\n"
               "RuntimeDirectoryMode=0700\nEnvironment=\"A=1 $x 2\" B=from-unit\nEnvironmentFile=-/etc/default/app\n"
               "EnvironmentFile=-/etc/default/none\nExecStartPre=+/bin/sh -c 'id -un >/tmp/before'\n"
               "ExecStartPre=-/bin/false\nExecStart=/app/show 'a b' ${A} $OPTS ${B} $NONE $$x %n \\x41\nUMask=0027\n"
               "WorkingDirectory=/tmp\nLimitNOFILE=512\nExecStartPost=/bin/echo app is up\n"
               "ExecStopPost=/bin/sh -c 'echo after >/tmp/after'\n",
        "plain": "[Service]\nExecStart=/app/show \"it's\" ${C} $$C\nEnvironment=C=%p\n",
        "grouped": "[Service]\nUser=www-data\nGroup=77\nNice=5\nRuntimeDirectory=g\n"
                   "ExecStart=/app/who\n",
        "number": "[Service]\nUser=1234\nGroup=www-data\nExecStart=/bin/sh -c 'id -u; id -g -n; exec sleep 1000'\n",
        "named": "[Service]\nExecStart=@/bin/busybox sh -c 'echo I am called; exec sleep 1000'\n",
        "fork": "[Service]\nType=forking\nPIDFile=/run/fork.pid\nRestart=on-failure\n"
                "ExecStart=/bin/sh -c 'sleep 2222 & echo $! >/run/fork.pid'\nKillSignal=USR1\n",
        "again": "[Unit]\nStartLimitBurst=2\n[Service]\nRestart=on-failure\nExecStart=/bin/sh -c 'echo x >>/tmp/again; exit 3'\n",
        "prevented": "[Service]\nRestart=on-failure\nRestartPreventExitStatus=4\n"
                     "ExecStart=/bin/sh -c 'echo x >>/tmp/prevented; exit 4'\n",
        "clean": "[Service]\nRestart=on-failure\nSuccessExitStatus=7\nExecStart=/bin/sh -c 'echo x >>/tmp/clean; exit 7'\n",
        "skipped": "[Service]\nExecCondition=/bin/false\nExecStart=/bin/touch /tmp/skipped\n",
        "work@": "[Service]\nExecStart=/bin/sh -c 'echo worker %i; exec sleep 1000'\n",
    }
    for name, unit in units.items():
        tree.write(f"/units/{name}.service", unit + INSTALL)
    tree.write("/units/plain.service.d/more.conf", "[Service]\nEnvironment=C=dropped\n")
    made = subprocess.run([OVERLOG, "import", "-d", tree.at("/etc/s6-overlay"),
                           *(tree.at(f"/units/{name}.service") for name in units)], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    box = boot(tree.path, env={"WORK_INSTANCES": "left right", "S6_LOGGING": "1"})

    def state(name):
        lines = box.run("/command/overlog", "status").stdout.splitlines()
        return dict(line.split()[:2] for line in lines if len(line.split()) > 1).get(name)
    for text in ("worker left\n", "worker right\n", "prepared\n", "twice\n", "I am called\n", "app is up\n"):
        box.wait_for_text(text, "stdout")
    box.wait_for(lambda: "[www-data " in log(box, "app"))
    assert log(box, "app") == ("<a b>\n<1 $x 2>\n<--one>\n<*>\n<x>\n<from-file>\n<$x>\n<app.service>\n<A>\n"
                               "[www-data /tmp www-data /run/app 0027 512]\n")
    assert box.read("/tmp/before") == "root\n"
    assert re.match(r"drwx------ .* www-data ", box.run("/bin/ls", "-ld", "/run/app").stdout)
    box.wait_for(lambda: "[root" in log(box, "plain"))
    assert log(box, "plain").startswith("<it's>\n<dropped>\n<$C>\n[root / ")
    nice = min(os.nice(0) + 5, 19)  # more than ours
    box.wait_for(lambda: log(box, "grouped") == f"www-data\n77\n{nice}\n" and log(box, "number") == "1234\nwww-data\n")
    assert re.match(r"drwxr-xr-x .* www-data +77 ", box.run("/bin/ls", "-ld", "/run/g").stdout)
    # The process that left is the service: what ends it ends that, and it starts again.
    box.wait_for(lambda: state("fork") == "up")
    child = box.read("/run/fork.pid").strip()
    box.run("/bin/kill", "-9", child, check=True)
    box.wait_for(lambda: box.read("/run/fork.pid").strip() not in ("", child) and state("fork") == "up")
    child = box.read("/run/fork.pid").strip()
    box.run("/command/s6-svc", "-wd", "-d", "/run/service/fork", check=True)
    box.wait_for(lambda: box.run("/bin/kill", "-0", child).returncode == 1)
    for name, starts, end in (("again", 2, "failed"), ("prevented", 1, "failed"), ("clean", 1, "down")):
        box.wait_for(lambda: box.exists(f"/tmp/{name}") and state(name) == end)
        assert box.read(f"/tmp/{name}") == "x\n" * starts, name
    box.wait_for(lambda: state("skipped") == "down")
    assert not os.path.exists(tree.at("/tmp/skipped"))
    assert box.stop() == 0
    assert tree.read("/tmp/after") == "after\n"
    assert "undone\n" in box.stdout.text()


def log(box, name):
    return box.run("/command/logcat", "-o", "raw", name).stdout
