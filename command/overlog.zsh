#compdef overlog logcat
# zsh completion for overlog and logcat: commands and options as --help names them, services that there are.
_overlog_services() {
    local -a names
    names=($(overlog status --json 2>/dev/null | grep -o '"name":"[^"]*' | cut -d'"' -f4))
    compadd -- $names
}

_overlog() {
    local -a help found
    help=($words[1])
    [[ ${words[1]:t} == logcat || CURRENT -le 2 ]] || help+=($words[2])
    if [[ $PREFIX == -* ]]; then
        found=($($help --help 2>/dev/null | grep -o -e '--[a-z][a-z-]*' | sort -u))
        compadd -- --help $found
    elif [[ ${words[1]:t} == logcat ]]; then
        _overlog_services
        _files -/
    elif ((CURRENT == 2)); then
        found=($($help --help 2>/dev/null | sed -n 's/^  overlog \([a-z]*\).*/\1/p') $($help commands 2>/dev/null))
        compadd -- $found commands missing help
    else
        case $words[2] in
        check | doc | graph | up) _files -/ ;;
        import) _files ;;
        create) compadd -- longrun oneshot bundle ;;
        *) _overlog_services ;;
        esac
    fi
}

(( ! $+functions[compdef] )) || compdef _overlog overlog logcat
