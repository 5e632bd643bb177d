# bash completion for overlog: commands and options as --help names them, services of the tree.
_overlog() {
    local current=$2 words verb=${COMP_WORDS[1]} dir=/etc/s6-overlay i
    for ((i = 2; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in -d | --dir) dir=${COMP_WORDS[i + 1]} ;; esac
    done
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="$("$1" --help | sed -n 's/^  overlog \([a-z]*\).*/\1/p') $("$1" commands)"
        words+=' commands missing --help --version'
    elif [ "${current:0:1}" = - ]; then
        words="--help $("$1" "$verb" --help | sed -n 's/^.* --\([a-z-]*\).*/--\1/p')"
    else
        case $verb:$3 in
        graph:-f | graph:--format) words='text mermaid dot' ;;
        create:-R | create:--restart) words='always on-failure never' ;;
        *:-d | *:--dir | *:-r | *:--root | *:-R | *:--run | up:-l | up:--logs | show:-o | show:--output)
            mapfile -t COMPREPLY < <(compgen -d -- "$current") && return ;;
        create:-S | create:--schedule) words='@hourly @daily @weekly @monthly @reboot' ;;
        import:-f | import:--format) words='supervisord procfile crontab system-crontab systemd' ;;
        create:-k | create:--key) words=$("$1" show --keys | cut -f1) && compopt -o nospace ;;
        create:create) words='longrun oneshot bundle' ;;
        create:-u | create:--user) mapfile -t COMPREPLY < <(compgen -u -- "$current") && return ;;
        create:-n | create:--depends | create:-a | create:--after | remove:* | show:*)
            words=$(cd "$dir/s6-rc.d" 2>/dev/null && printf '%s\n' *; cat "$dir"/services.conf{,.d/*.conf} 2>/dev/null |
                sed -n 's/^\[ *\([^]@]*\)@\{0,1\} *\].*/\1/p') ;;
        kill:-s | kill:--signal) words='HUP INT QUIT KILL USR1 USR2 TERM CONT STOP' ;;
        metrics:-o | metrics:--output | report:-o | report:--output) mapfile -t COMPREPLY < <(compgen -f -- "$current") && return ;;
        vacuum:-t | vacuum:--to) words='100M 500M 1G 5G' ;;
        vacuum:-o | vacuum:--older) words='12h 1d 7d 30d' ;;
        vacuum:*) words=$(cd "${OVERLOG_DIR:-/var/log/services}" 2>/dev/null && printf '%s\n' *) ;;
        status:* | why:* | metrics:* | report:* | start:* | stop:* | restart:* | reload:* | kill:* | run:*)
            words=$("$1" status --json 2>/dev/null | grep -o '"name":"[^"]*' | cut -d'"' -f4) ;;
        scale:scale)
            words=$("$1" status --json 2>/dev/null | grep -o '"name":"[^"]*-1"' | cut -d'"' -f4 | sed 's/-1$//') ;;
        import:*) mapfile -t COMPREPLY < <(compgen -f -- "$current") && return ;;
        check:* | doc:* | graph:* | up:*)
            mapfile -t COMPREPLY < <(compgen -d -- "$current"; compgen -f -X '!*.conf' -- "$current") && return ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _overlog overlog
