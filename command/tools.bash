# bash completion for livecheck, notify, probe, schedule and with-logfiles: options as --help names them, and what they run or look at.
_overlog_tools() {
    local current=${COMP_WORDS[COMP_CWORD]} words='' command=${COMP_WORDS[0]##*/} target=''
    # The colon of a target is a word of its own.
    if [ "$current" = : ]; then
        target=$3 current=''
    elif [ "$3" = : ]; then
        target=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $command:$target:$3 in
    livecheck::-a) words='restart exit HUP INT QUIT KILL USR1 USR2 TERM' ;;
    livecheck::-[iTfsqc] | notify::-3 | probe::-[wT] | probe::--status | probe::--header | probe::--contains) return ;;
    probe:service:* | probe:log:*)
        words=$(overlog status --json 2>/dev/null | grep -o '"name":"[^"]*' | cut -d'"' -f4) ;;
    probe:file:* | probe:pid:* | probe:unix:*) mapfile -t COMPREPLY < <(compgen -f -- "$current") && return ;;
    probe:[!:]*) return ;;
    schedule::-o) words='skip queue kill' ;;
    schedule::-[zjT] | schedule::--fail-after | schedule::--next) return ;;
    with-logfiles:/*) words='out err follow' ;;
    with-logfiles::-s) return ;;
    *)
        if [ "${current:0:1}" = - ]; then
            words="--help $("$1" --help | sed -n 's/^ *\(--*[A-Za-z0-9-]*\).*/\1/p')"
        elif [ "$command" = probe ]; then
            words='http:// tcp: unix: file: pid: service: log:'
        elif [ "$command${current:0:1}" = with-logfiles/ ]; then
            mapfile -t COMPREPLY < <(compgen -f -- "$current") && return
        else
            mapfile -t COMPREPLY < <(compgen -c -- "$current") && return
        fi
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _overlog_tools livecheck notify probe schedule with-logfiles
