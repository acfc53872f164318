# fish completion for flushd(1)
set -l commands install uninstall check status send rebuild metrics
complete -c flushd -f
complete -c flushd -s h -l help -d 'Print help'
complete -c flushd -s c -x -a '(__fish_complete_directories)' -d 'Configuration directory of another Postfix instance'
complete -c flushd -n "not __fish_seen_subcommand_from $commands" -l version -d 'Print the version'
complete -c flushd -n "not __fish_seen_subcommand_from $commands" -a install -d "Put flushd behind Postfix's flush service"
complete -c flushd -n "not __fish_seen_subcommand_from $commands" -a uninstall -d "Put Postfix's own flush back"
complete -c flushd -n "not __fish_seen_subcommand_from $commands" -a check -d 'Look for what keeps ETRN from working'
complete -c flushd -n "not __fish_seen_subcommand_from $commands" -a status -d 'Show what is listed for each site'
complete -c flushd -n "not __fish_seen_subcommand_from $commands" -a send -d 'Deliver what is listed for sites'
complete -c flushd -n "not __fish_seen_subcommand_from $commands" -a rebuild -d 'List the mail that is deferred already'
complete -c flushd -n "not __fish_seen_subcommand_from $commands" -a metrics -d 'Print figures for a monitoring system'
complete -c flushd -n '__fish_seen_subcommand_from install uninstall' -l dry-run -d 'Show what would be changed'
complete -c flushd -n '__fish_seen_subcommand_from install' -l rebuild -d 'Afterwards list the mail that is deferred already'
complete -c flushd -n '__fish_seen_subcommand_from status send' -l older-than -x -d 'Only sites with older mail'
complete -c flushd -n '__fish_seen_subcommand_from status' -s s -l sort -x -a 'site listed deferred oldest size sent' -d 'Order'
complete -c flushd -n '__fish_seen_subcommand_from status' -s n -l top -x -d 'Only so many sites'
complete -c flushd -n '__fish_seen_subcommand_from status' -s a -l all -d 'Also sites without listed mail'
complete -c flushd -n '__fish_seen_subcommand_from status' -l names -d 'Ask showq for the names of the sites'
complete -c flushd -n '__fish_seen_subcommand_from status' -l json -d 'For programs'
complete -c flushd -n '__fish_seen_subcommand_from status' -s w -l watch -d 'Again and again'
complete -c flushd -n '__fish_seen_subcommand_from status' -l interval -x -d 'How often --watch looks'
complete -c flushd -n '__fish_seen_subcommand_from send' -l all -d 'All sites with listed mail'
complete -c flushd -n '__fish_seen_subcommand_from send' -l id -x -d 'A single message'
complete -c flushd -n '__fish_seen_subcommand_from send' -s w -l wait -d 'Until each message has been tried'
complete -c flushd -n '__fish_seen_subcommand_from send' -l timeout -x -d 'How long to wait at most'
complete -c flushd -n '__fish_seen_subcommand_from metrics' -s o -l output -r -F -d 'File to replace'
complete -c flushd -n '__fish_seen_subcommand_from metrics' -s n -l top -x -d 'So many sites of their own'
