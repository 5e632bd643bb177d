# bash completion for logcat: options as --help names them, services as there are log directories.
_logcat() {
    local current=$2 words root
    case $3 in
    -o | --output) words='short full raw json cri pretty' ;;
    -s | --stream) words='out err' ;;
    --color) words='auto always never' ;;
    -S | -U | --since | --until) words='today yesterday now 10m 1h 1d' ;;
    -n | --lines) words='all' ;;
    --priority) words='debug info notice warning err crit alert emerg' ;;
    --tail) words='10' ;;
    --columns) words='ts,service,severity,message ts,status,path' ;;
    -g | -x | -A | -B | -C | --grep | --exclude | --after | --before | --context) return ;;
    --begin-with | --highlight | --time-format | --where) return ;;
    *)
        case $current in
        -*) words="--after --before --ignore-case --previous --begin-with --until --no-pager $("$1" --help | grep -o -e '--[a-z][a-z-]*')" ;;
        */*) mapfile -t COMPREPLY < <(compgen -d -- "$current") && return ;;
        *)
            root=${OVERLOG_DIR:-$(cat /run/s6/container_environment/OVERLOG_DIR 2>/dev/null)}
            root=${root:-/var/log/services}
            words=$(cd "$root" 2>/dev/null && printf '%s\n' .init .cmd * | while read -r name; do
                [ ! -d "$name" ] || echo "$name"
            done)
            [ "$current" ] || words=$(printf '%s\n' "$words" | sed '/^\./d')
            ;;
        esac
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _logcat logcat
