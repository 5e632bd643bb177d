# fish completion for overlog and logcat: commands and options as --help names them, services that there are.
function __overlog_services
    overlog status --json 2>/dev/null | grep -o '"name":"[^"]*' | cut -d'"' -f4
end

function __overlog_options
    set -l words (commandline -opc)
    set -l help $words[1]
    if string match -q '*overlog' -- $words[1]; and test (count $words) -gt 1
        set help $words[1..2]
    end
    echo --help
    $help --help 2>/dev/null | grep -o -e '--[a-z][a-z-]*' | sort -u
end

function __overlog_needs_command
    test (count (commandline -opc)) -eq 1
end

function __overlog_is
    set -l words (commandline -opc)
    test (count $words) -gt 1; and contains -- $words[2] $argv
end

function __overlog_begins_option
    string match -q -- '-*' (commandline -ct)
end

complete -c overlog -f
complete -c overlog -n __overlog_needs_command -a '(overlog --help | sed -n "s/^  overlog \([a-z]*\) *\(.*\)/\1\t\2/p")'
complete -c overlog -n __overlog_begins_option -a '(__overlog_options)'
complete -c overlog -n '__overlog_is check doc graph up import' -F
complete -c overlog -n '__overlog_is create' -a 'longrun oneshot bundle'
complete -c overlog -n 'not __overlog_needs_command; and not __overlog_is check doc graph up import create' -a '(__overlog_services)'
complete -c logcat -a '(__overlog_services)'
complete -c logcat -n __overlog_begins_option -a '(__overlog_options)'
