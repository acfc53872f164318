# bash completion for flushd(1)                              -*- shell-script -*-

# Sites are not completed: only Postfix and root can see them.
_flushd()
{
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command= options number
    COMPREPLY=()

    for ((number = 1; number < COMP_CWORD; number++)); do
        case ${COMP_WORDS[number]} in
            -c | -o | --output | --html | --host | --auth-file | --tls | -s | --sort | --by | -n | --top | --last | --older-than | --interval | --id | --timeout | --notify | --rate | --first | --for | --listen | --to | --from | --relay | --mx | --reason | --transport | --larger-than | --not) ((number++)) ;;
            -*) ;;
            *)
                command=${COMP_WORDS[number]}
                break
                ;;
        esac
    done

    case $previous in
        -c)
            mapfile -t COMPREPLY < <(compgen -d -- "$word")
            return
            ;;
        -o | --output | --html | --auth-file)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
        --tls)
            mapfile -t COMPREPLY < <(compgen -W "none may encrypt verify" -- "$word")
            return
            ;;
        -s | --sort)
            mapfile -t COMPREPLY < <(compgen -W "site messages deferred oldest next returned active held listed size sent reason" -- "$word")
            return
            ;;
        --by)
            mapfile -t COMPREPLY < <(compgen -W "destination relay reason reason-class sender sender-domain" -- "$word")
            return
            ;;
        -n | --top | --host | --last | --older-than | --interval | --id | --timeout | --notify | --rate | --first | --for | --listen | --to | --from | --relay | --mx | --reason | --transport | --larger-than | --not) return ;;
    esac

    case $command in
        '')
            options="-c --help --version"
            [[ $word == -* ]] || options="install uninstall check status top send wait log rebuild metrics help"
            ;;
        install) options="--dry-run --proxy --rebuild" ;;
        uninstall) options="--dry-run" ;;
        status) options="--by --sort --older-than --to --from --relay --reason --larger-than --not --top --all --json --html --watch --interval" ;;
        top) options="--interval" ;;
        send) options="--all --id --to --from --relay --mx --reason --transport --older-than --larger-than --not --release --dry-run --wait --timeout --notify --json --rate --first --when-up --for --keep --cancel --host --auth-file --tls" ;;
        wait) options="--id --timeout --notify --json" ;;
        log) options="--last --json" ;;
        metrics) options="--output --top --listen" ;;
        check) options="--quiet --json" ;;
        rebuild) options= ;;
        help)
            options=
            [[ $word == -* ]] || options="install uninstall check status top send wait log rebuild metrics help"
            ;;
        *) return ;;
    esac
    [[ -z $command || ($command == help && $word != -*) ]] || options+=" -c --help"
    [[ -z $command || $command == help || $word == -* ]] || return
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
} &&
    complete -F _flushd flushd
