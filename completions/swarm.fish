# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_swarm_global_optspecs
    string join \n s/swarm= L/socket-name= S/socket-path= color= h/help V/version
end

function __fish_swarm_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_swarm_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_swarm_using_subcommand
    set -l cmd (__fish_swarm_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c swarm -n "__fish_swarm_needs_command" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_needs_command" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_needs_command" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_needs_command" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_needs_command" -s V -l version -d 'Print version'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "init" -d 'Write a swarm.toml for this directory'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "import" -d 'Write a swarm.toml from a tmuxinator or tmuxp file'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "freeze" -d 'Write a swarm.toml of a running tmux session: its windows, layout, directories, and what its panes run'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "up" -d 'Start the agents of a swarm file: one tmux session, one pane per agent'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "down" -d 'End a swarm: its agents and the panes swarm made for them'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "trust" -d 'Allow a swarm file to start programs, as it is now'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "status" -d 'Show what every agent is doing'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "attach" -d 'Go to an agent\'s pane, or to the overview: attaches outside tmux, switches the client inside'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "jump" -d 'The same as attach'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "next" -d 'Go to the agent that has waited longest; again, to the one after it'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "menu" -d 'Show a tmux menu: approve, deny, message, jump, restart or end an agent'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "send" -d 'Send a text to agents'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "handoff" -d 'Hand work over to another agent, ask it, or answer it'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "inbox" -d 'Read the messages that wait for you'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "ack" -d 'Say that you take a message, or what came of it'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "approve" -d 'Allow what an agent asks for, once'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "deny" -d 'Refuse what an agent asks for'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "answer" -d 'Answer the prompt on an agent\'s screen'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "interrupt" -d 'Stop the turn an agent is working on'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "restart" -d 'End an agent and start it again; its conversation goes on where the profile can resume one'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "kill" -d 'End an agent; its last screen stays readable'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "hibernate" -d 'Put an idle agent to sleep: it ends and frees its memory, and is woken with its conversation'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "wake" -d 'Start an agent that sleeps, with its conversation'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "hold" -d 'Hold an agent: messages and tasks to it wait, what it does goes on'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "resume" -d 'Hold an agent no longer: messages and tasks go to it again'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "add" -d 'Add an agent to a swarm that is up, and start it'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "rm" -d 'End an agent and remove its pane; let go of one that was adopted'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "rename" -d 'Give an agent another name: one that was added or adopted and stands in no swarm file'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "adopt" -d 'Take a pane that swarm did not make as an agent: it is watched, never ended'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "wait" -d 'Wait until an agent has one of these statuses'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "explain" -d 'Show all evidence for an agent\'s status, with its age, and the rule that won'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "capture" -d 'Save an agent\'s screen and evidence as a test case'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "detect" -d 'Read saved screens and say what they prove'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "cost" -d 'What the agents used and what it cost'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "budget" -d 'Show what may be spent, what was, and what happens next; or allow more'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "ingest" -d 'Book transcripts without a monitor'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "ledger" -d 'Back up or check what is booked'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "log" -d 'Print what happened to one agent, or to all'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "events" -d 'Print what happened: starts, status changes, handoffs, costs'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "config" -d 'Look at, check and change the configuration'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "doctor" -d 'Look at everything swarm needs and say what is wrong, with the mend'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "help" -d 'Help for a command, or a topic: status, handoffs, budgets, tmux, troubleshooting'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "monitor" -d 'The background process that watches the agents of one tmux server'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "demo" -d 'Show the main job with six simulated agents, in a place of its own'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "sim" -d 'Play an agent in this pane'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "assets" -d 'Write the completion scripts, man pages and JSON Schemas'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "hooks" -d 'Manage the hooks that must stand in an agent\'s own files'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "hook" -d 'Reports an agent\'s event to the monitor (called by the agents\' hooks, not by people)'
complete -c swarm -n "__fish_swarm_needs_command" -f -a "mcp" -d 'Serve an agent\'s tools over the Model Context Protocol (called by agents, not by people)'
complete -c swarm -n "__fish_swarm_using_subcommand init" -s t -l template -d 'Start from a template: plain, roles, pair, review, hub, panopticon, sim' -r
complete -c swarm -n "__fish_swarm_using_subcommand init" -s p -l profile -d 'The agent CLI of all agents [default: the first that is installed]' -r
complete -c swarm -n "__fish_swarm_using_subcommand init" -s n -l name -d 'The swarm\'s name [default: from the directory]' -r
complete -c swarm -n "__fish_swarm_using_subcommand init" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand init" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand init" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand init" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand init" -s y -l yes -d 'Ask nothing, take what is found'
complete -c swarm -n "__fish_swarm_using_subcommand init" -l force -d 'Replace a swarm.toml that is there'
complete -c swarm -n "__fish_swarm_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand import" -s o -l output -d 'Where to write; `-` prints it' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand import" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand import" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand import" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand import" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand import" -l force -d 'Replace a file that is there'
complete -c swarm -n "__fish_swarm_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand freeze" -s o -l output -d 'Where to write [default: print it]' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand freeze" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand freeze" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand freeze" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand freeze" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand freeze" -l force -d 'Replace a file that is there'
complete -c swarm -n "__fish_swarm_using_subcommand freeze" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand up" -l only -d 'Only these agents' -r
complete -c swarm -n "__fish_swarm_using_subcommand up" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand up" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand up" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand up" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand up" -s d -l detach -d 'Do not show the session afterwards'
complete -c swarm -n "__fish_swarm_using_subcommand up" -l trust -d 'Trust the swarm file as it is now'
complete -c swarm -n "__fish_swarm_using_subcommand up" -s y -l yes -d 'Ask nothing: a file that is not trusted is refused, as without a terminal'
complete -c swarm -n "__fish_swarm_using_subcommand up" -l dry-run -d 'Print what would be made, and make nothing'
complete -c swarm -n "__fish_swarm_using_subcommand up" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand down" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand down" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand down" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand down" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand down" -s y -l yes -d 'End agents that are working, too, without asking'
complete -c swarm -n "__fish_swarm_using_subcommand down" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand trust" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand trust" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand trust" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand trust" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand trust" -l remove -d 'Take the trust back'
complete -c swarm -n "__fish_swarm_using_subcommand trust" -l list -d 'Print the files you have trusted'
complete -c swarm -n "__fish_swarm_using_subcommand trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand status" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand status" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand status" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand status" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand status" -l json -d 'Print `swarm.status/v1` JSON'
complete -c swarm -n "__fish_swarm_using_subcommand status" -s w -l watch -d 'Print again whenever something changes'
complete -c swarm -n "__fish_swarm_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand attach" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand attach" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand attach" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand attach" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand attach" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand jump" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand jump" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand jump" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand jump" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand jump" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand next" -l client -d 'The tmux client to move; what goes wrong is shown in its status line (for key bindings)' -r
complete -c swarm -n "__fish_swarm_using_subcommand next" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand next" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand next" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand next" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand next" -l print -d 'Print its name instead of going there'
complete -c swarm -n "__fish_swarm_using_subcommand next" -l back -d 'When nobody (else) waits, go back to where you were before the first'
complete -c swarm -n "__fish_swarm_using_subcommand next" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand menu" -l client -d 'The tmux client that shows it [default: yours]' -r
complete -c swarm -n "__fish_swarm_using_subcommand menu" -l pane -d 'The pane that is looked at' -r
complete -c swarm -n "__fish_swarm_using_subcommand menu" -l act -d 'What was chosen' -r -f -a "jump\t''
interrupt\t''
hold\t''
resume\t''
restart\t''
hibernate\t''
wake\t''
kill\t''"
complete -c swarm -n "__fish_swarm_using_subcommand menu" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand menu" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand menu" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand menu" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand menu" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand send" -l file -d 'Read the text from a file' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand send" -l template -d 'Send a template of the configuration; `{agent}` and `{role}` in it stand for each receiver' -r
complete -c swarm -n "__fish_swarm_using_subcommand send" -l timeout -d 'How long to wait, in seconds' -r
complete -c swarm -n "__fish_swarm_using_subcommand send" -l key -d 'A second text with this key is the first one again' -r
complete -c swarm -n "__fish_swarm_using_subcommand send" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand send" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand send" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand send" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand send" -l all -d 'To every agent of the swarm'
complete -c swarm -n "__fish_swarm_using_subcommand send" -l wait -d 'Wait until it was submitted, and say with what proof'
complete -c swarm -n "__fish_swarm_using_subcommand send" -l when-idle -d 'Type it when the agent is idle (the default)'
complete -c swarm -n "__fish_swarm_using_subcommand send" -l now -d 'Type it also while the agent works, where it queues safely; refused where that cannot be done now'
complete -c swarm -n "__fish_swarm_using_subcommand send" -l json -d 'Print JSON'
complete -c swarm -n "__fish_swarm_using_subcommand send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l to -d 'An agent, `@role` (one of that role takes it) or `human`' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l subject -d 'One line that says what it is about' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l body -d 'The text; `-` reads it from stdin' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l file -d 'Read the text from a file' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l kind -d 'What it is [default: handoff; reply with --reply-to]' -r -f -a "handoff\t''
message\t''
question\t''
reply\t''
task\t''"
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l need -d 'How far it must get' -r -f -a "seen\t''
ack\t''
outcome\t''"
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l reply-to -d 'The message it answers: the answer goes to its sender' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l priority -d '1 (first) to 5 (last)' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l expires -d 'Of no use any more after this time (`2h`, `30m`)' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l completed -d 'What is done; may be given several times' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l next -d 'What comes next; may be given several times' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l blocker -d 'What is in the way; may be given several times' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l notes -d 'Anything else' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l artifact -d 'A file that belongs to it (it stays where it is); may be given several times' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l branch -d 'The git branch the work is on' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l base -d 'The commit the work started from' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l head -d 'The last commit of the work' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l key -d 'A second message with this key is the first one again' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l timeout -d 'How long to wait, in seconds' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l wait -d 'Wait until the receiver was told'
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -l json -d 'Print JSON'
complete -c swarm -n "__fish_swarm_using_subcommand handoff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand inbox" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand inbox" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand inbox" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand inbox" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand inbox" -l dead -d 'Messages that could not be delivered (`retry ID` tries again, `drop ID` gives up)'
complete -c swarm -n "__fish_swarm_using_subcommand inbox" -l all -d 'The last messages, whatever became of them'
complete -c swarm -n "__fish_swarm_using_subcommand inbox" -l json -d 'Print `swarm.inbox/v1` JSON'
complete -c swarm -n "__fish_swarm_using_subcommand inbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand ack" -l outcome -d 'What came of it: its sender waits no longer' -r
complete -c swarm -n "__fish_swarm_using_subcommand ack" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand ack" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand ack" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ack" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand ack" -l json -d 'Print JSON'
complete -c swarm -n "__fish_swarm_using_subcommand ack" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand approve" -l if-asks -d 'Only if the prompt contains this text' -r
complete -c swarm -n "__fish_swarm_using_subcommand approve" -l prompt -d 'Only this very prompt (for menus)' -r
complete -c swarm -n "__fish_swarm_using_subcommand approve" -l client -d 'The tmux client that is told what goes wrong (for menus)' -r
complete -c swarm -n "__fish_swarm_using_subcommand approve" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand approve" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand approve" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand approve" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand approve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand deny" -l if-asks -d 'Only if the prompt contains this text' -r
complete -c swarm -n "__fish_swarm_using_subcommand deny" -l prompt -d 'Only this very prompt (for menus)' -r
complete -c swarm -n "__fish_swarm_using_subcommand deny" -l client -d 'The tmux client that is told what goes wrong (for menus)' -r
complete -c swarm -n "__fish_swarm_using_subcommand deny" -l because -d 'Why, for the agent: told with the answer where its hook gives it (`answer_by = "hook"`), else by a message after it' -r
complete -c swarm -n "__fish_swarm_using_subcommand deny" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand deny" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand deny" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand deny" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand deny" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand answer" -l if-asks -d 'Only if the prompt contains this text' -r
complete -c swarm -n "__fish_swarm_using_subcommand answer" -l prompt -d 'Only this very prompt (for menus)' -r
complete -c swarm -n "__fish_swarm_using_subcommand answer" -l client -d 'The tmux client that is told what goes wrong (for menus)' -r
complete -c swarm -n "__fish_swarm_using_subcommand answer" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand answer" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand answer" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand answer" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand answer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand interrupt" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand interrupt" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand interrupt" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand interrupt" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand interrupt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand restart" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand restart" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand restart" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand restart" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand restart" -l fresh -d 'Start a new conversation'
complete -c swarm -n "__fish_swarm_using_subcommand restart" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand kill" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand kill" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand kill" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand kill" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand kill" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand hibernate" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand hibernate" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand hibernate" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand hibernate" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand hibernate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand wake" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand wake" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand wake" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand wake" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand wake" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand hold" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand hold" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand hold" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand hold" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand hold" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand resume" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand resume" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand resume" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand resume" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand add" -l profile -d 'What it is: claude, codex, shell, … [default: the file\'s]' -r
complete -c swarm -n "__fish_swarm_using_subcommand add" -l domain -d 'The directory it works in [default: that of the swarm file]' -r -f -a "(__fish_complete_directories)"
complete -c swarm -n "__fish_swarm_using_subcommand add" -l role -d 'Its role' -r
complete -c swarm -n "__fish_swarm_using_subcommand add" -l model -d 'The model' -r
complete -c swarm -n "__fish_swarm_using_subcommand add" -l window -d 'The window it shares with others that name it' -r
complete -c swarm -n "__fish_swarm_using_subcommand add" -l prompt -d 'Its first prompt' -r
complete -c swarm -n "__fish_swarm_using_subcommand add" -l command -d 'The program it runs, for the profile `shell`; arguments follow after `--`' -r
complete -c swarm -n "__fish_swarm_using_subcommand add" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand add" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand add" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand add" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand add" -l save -d 'Write it into the swarm file'
complete -c swarm -n "__fish_swarm_using_subcommand add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand rm" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand rm" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand rm" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand rm" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand rename" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand rename" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand rename" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand rename" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand adopt" -l name -d 'The name it gets [default: that of --profile, else `pane`; with a number where it is taken]' -r
complete -c swarm -n "__fish_swarm_using_subcommand adopt" -l profile -d 'What runs in it [default: guessed from its process]' -r
complete -c swarm -n "__fish_swarm_using_subcommand adopt" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand adopt" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand adopt" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand adopt" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand adopt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand wait" -l until -d 'The status to wait for; several with commas' -r
complete -c swarm -n "__fish_swarm_using_subcommand wait" -l timeout -d 'Give up after this many seconds' -r
complete -c swarm -n "__fish_swarm_using_subcommand wait" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand wait" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand wait" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand wait" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand explain" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand explain" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand explain" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand explain" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand explain" -l json -d 'Print `swarm.explain/v1` JSON'
complete -c swarm -n "__fish_swarm_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand capture" -s o -l output -d 'The directory to write to' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand capture" -l note -d 'What is wrong, for whoever reads it' -r
complete -c swarm -n "__fish_swarm_using_subcommand capture" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand capture" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand capture" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand capture" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand capture" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand detect" -l profile -d 'The profile to read with [default: a folder of the path named like one, else the one that proves something]' -r
complete -c swarm -n "__fish_swarm_using_subcommand detect" -l title -d 'The pane\'s title' -r
complete -c swarm -n "__fish_swarm_using_subcommand detect" -l cursor -d 'The cursor\'s position, from 0' -r
complete -c swarm -n "__fish_swarm_using_subcommand detect" -l cursor-visible -d 'Whether the cursor is visible' -r
complete -c swarm -n "__fish_swarm_using_subcommand detect" -l dead -d 'Whether the pane\'s process has ended' -r
complete -c swarm -n "__fish_swarm_using_subcommand detect" -l width -d 'The pane\'s width in columns' -r
complete -c swarm -n "__fish_swarm_using_subcommand detect" -l height -d 'The pane\'s height in lines' -r
complete -c swarm -n "__fish_swarm_using_subcommand detect" -l alternate -d 'Whether the alternate screen is on' -r
complete -c swarm -n "__fish_swarm_using_subcommand detect" -l command -d 'The command that runs in the pane' -r
complete -c swarm -n "__fish_swarm_using_subcommand detect" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand detect" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand detect" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand detect" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand detect" -l json -d 'Print one JSON object per file'
complete -c swarm -n "__fish_swarm_using_subcommand detect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -l by -d 'Group by this' -r -f -a "day\t'Calendar days'
week\t'ISO weeks, Monday to Sunday'
month\t'Calendar months'
agent\t'Agents of swarms'
model\t'Models, as the agents name them'
profile\t'Profiles: agent CLIs'
swarm\t'Swarms'
task\t'Tasks'
session\t'The agents\' own conversations'"
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -l since -d 'From this day or time on: 2026-11-20, today, yesterday, 7d, 12h, or RFC 3339' -r
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -l until -d 'Until the end of this day, or until this time' -r
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -l tz -d 'The time zone of days, by its IANA name [default: the system\'s]' -r
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -l db -d 'The database [default: the user\'s]' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -l profile -d 'Only this profile' -r
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -l agent -d 'Only this agent' -r
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -l blocks -d 'Show five-hour blocks, how fast the current one fills, and the agents\' own limits'
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -l json -d 'Print one JSON object'
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -l csv -d 'Print comma-separated values'
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand cost; and not __fish_seen_subcommand_from prices" -f -a "prices" -d 'List the prices in use, or take them from a file'
complete -c swarm -n "__fish_swarm_using_subcommand cost; and __fish_seen_subcommand_from prices" -l model -d 'Only this model, as a transcript names it' -r
complete -c swarm -n "__fish_swarm_using_subcommand cost; and __fish_seen_subcommand_from prices" -l refresh -d 'Take the prices from this file from now on' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand cost; and __fish_seen_subcommand_from prices" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand cost; and __fish_seen_subcommand_from prices" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand cost; and __fish_seen_subcommand_from prices" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand cost; and __fish_seen_subcommand_from prices" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand cost; and __fish_seen_subcommand_from prices" -l json -d 'Print one JSON object'
complete -c swarm -n "__fish_swarm_using_subcommand cost; and __fish_seen_subcommand_from prices" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand budget; and not __fish_seen_subcommand_from show extend" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand budget; and not __fish_seen_subcommand_from show extend" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand budget; and not __fish_seen_subcommand_from show extend" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand budget; and not __fish_seen_subcommand_from show extend" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand budget; and not __fish_seen_subcommand_from show extend" -l json -d 'Print `swarm.budget/v1` JSON'
complete -c swarm -n "__fish_swarm_using_subcommand budget; and not __fish_seen_subcommand_from show extend" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand budget; and not __fish_seen_subcommand_from show extend" -f -a "show" -d 'Show every budget (the default)'
complete -c swarm -n "__fish_swarm_using_subcommand budget; and not __fish_seen_subcommand_from show extend" -f -a "extend" -d 'Allow more until the day, the task, the turn or the swarm ends; agents it held go on'
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from show" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from show" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from show" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from show" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from show" -l json -d 'Print `swarm.budget/v1` JSON'
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from extend" -l per -d 'Which of its budgets: turn, task, day or total [default: the only one there is]' -r
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from extend" -l usd -d 'So many US dollars more' -r
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from extend" -l tokens -d 'So many tokens more' -r
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from extend" -l time -d 'So much time more: 30m, 2h' -r
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from extend" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from extend" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from extend" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from extend" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from extend" -l json -d 'Print the answer as JSON'
complete -c swarm -n "__fish_swarm_using_subcommand budget; and __fish_seen_subcommand_from extend" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -l db -d 'The database [default: the user\'s]' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -l claude -d 'A directory of Claude Code: its home or its `projects`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -l codex -d 'A directory of Codex: its home or its `sessions`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -l gemini -d 'A directory of Gemini CLI: its home or its `tmp`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -l qwen -d 'A directory of Qwen Code: its home or its `projects`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -l opencode -d 'A database or data directory of OpenCode' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -l aider -d 'An analytics log of aider (`--analytics-log`), or a chat history (rounded: booked as an estimate)' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -l copilot -d 'A directory of Copilot CLI: its `session-state`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -l crush -d 'A database of Crush' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -l goose -d 'A database of Goose' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -l amp -d 'A directory of Amp: its `threads`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -l json -d 'Print one JSON object'
complete -c swarm -n "__fish_swarm_using_subcommand ingest" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and not __fish_seen_subcommand_from backup check" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and not __fish_seen_subcommand_from backup check" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and not __fish_seen_subcommand_from backup check" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and not __fish_seen_subcommand_from backup check" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and not __fish_seen_subcommand_from backup check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and not __fish_seen_subcommand_from backup check" -f -a "backup" -d 'Copy the database while it is in use'
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and not __fish_seen_subcommand_from backup check" -f -a "check" -d 'Check the database for damage'
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and __fish_seen_subcommand_from backup" -l db -d 'The database [default: the user\'s]' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and __fish_seen_subcommand_from backup" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and __fish_seen_subcommand_from backup" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and __fish_seen_subcommand_from backup" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and __fish_seen_subcommand_from backup" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and __fish_seen_subcommand_from check" -l db -d 'The database [default: the user\'s]' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and __fish_seen_subcommand_from check" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and __fish_seen_subcommand_from check" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and __fish_seen_subcommand_from check" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and __fish_seen_subcommand_from check" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand ledger; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand log" -s n -l lines -d 'At most this many of the newest' -r
complete -c swarm -n "__fish_swarm_using_subcommand log" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand log" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand log" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand log" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand events" -l agent -d 'Only this agent' -r
complete -c swarm -n "__fish_swarm_using_subcommand events" -l after -d 'Only events after this id' -r
complete -c swarm -n "__fish_swarm_using_subcommand events" -s n -l lines -d 'At most this many of the newest' -r
complete -c swarm -n "__fish_swarm_using_subcommand events" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand events" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand events" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand events" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand events" -s f -l follow -d 'Go on with what happens next'
complete -c swarm -n "__fish_swarm_using_subcommand events" -l json -d 'Print NDJSON, one `swarm.event/v1` object per line'
complete -c swarm -n "__fish_swarm_using_subcommand events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand config; and not __fish_seen_subcommand_from init edit check show set path tmux schema" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and not __fish_seen_subcommand_from init edit check show set path tmux schema" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and not __fish_seen_subcommand_from init edit check show set path tmux schema" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand config; and not __fish_seen_subcommand_from init edit check show set path tmux schema" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand config; and not __fish_seen_subcommand_from init edit check show set path tmux schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand config; and not __fish_seen_subcommand_from init edit check show set path tmux schema" -f -a "init" -d 'Write your own config.toml, every key explained'
complete -c swarm -n "__fish_swarm_using_subcommand config; and not __fish_seen_subcommand_from init edit check show set path tmux schema" -f -a "edit" -d 'Open a file in $VISUAL or $EDITOR; it is replaced only when it is right'
complete -c swarm -n "__fish_swarm_using_subcommand config; and not __fish_seen_subcommand_from init edit check show set path tmux schema" -f -a "check" -d 'Say everything that is wrong, with place and mend; exits 3 when there is an error'
complete -c swarm -n "__fish_swarm_using_subcommand config; and not __fish_seen_subcommand_from init edit check show set path tmux schema" -f -a "show" -d 'Print what holds, all layers together'
complete -c swarm -n "__fish_swarm_using_subcommand config; and not __fish_seen_subcommand_from init edit check show set path tmux schema" -f -a "set" -d 'Set one key, such as `layout.windows` or `agents.NAME.model`; comments stay'
complete -c swarm -n "__fish_swarm_using_subcommand config; and not __fish_seen_subcommand_from init edit check show set path tmux schema" -f -a "path" -d 'Print where the files are'
complete -c swarm -n "__fish_swarm_using_subcommand config; and not __fish_seen_subcommand_from init edit check show set path tmux schema" -f -a "tmux" -d 'Print the tmux plugin: keys, status line, marks. In ~/.tmux.conf: `run-shell \'swarm config tmux | sh\'`'
complete -c swarm -n "__fish_swarm_using_subcommand config; and not __fish_seen_subcommand_from init edit check show set path tmux schema" -f -a "schema" -d 'Print the JSON Schema of a file, for editors, or of what a command\'s `--json` prints'
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from init" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from init" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from init" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from init" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from init" -l force -d 'Replace the file that is there'
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from edit" -l file -d 'This swarm file [default: the nearest swarm.toml, else your own config.toml]' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from edit" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from edit" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from edit" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from edit" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from edit" -l user -d 'Your own config.toml'
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from check" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from check" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from check" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from check" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from check" -l json -d 'Print `swarm.check/v1`'
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from show" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from show" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from show" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from show" -l origin -d 'Say for each value who set it'
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print `swarm.config/v1`'
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from set" -l file -d 'This swarm file [default: the nearest swarm.toml, else your own config.toml]' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from set" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from set" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from set" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from set" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from set" -l user -d 'Your own config.toml'
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from path" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from path" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from path" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from path" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from tmux" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from tmux" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from tmux" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from tmux" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from tmux" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from schema" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from schema" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from schema" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from schema" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand config; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand doctor" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand doctor" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand doctor" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand doctor" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand doctor" -l json -d 'Print `swarm.doctor/v1` JSON'
complete -c swarm -n "__fish_swarm_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand help" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand help" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand help" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand help" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand completions" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand completions" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand completions" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand completions" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and not __fish_seen_subcommand_from run status stop" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and not __fish_seen_subcommand_from run status stop" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and not __fish_seen_subcommand_from run status stop" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and not __fish_seen_subcommand_from run status stop" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and not __fish_seen_subcommand_from run status stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and not __fish_seen_subcommand_from run status stop" -f -a "run" -d 'Run it in the foreground (`swarm up` starts it by itself)'
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and not __fish_seen_subcommand_from run status stop" -f -a "status" -d 'Say whether it runs, which version, since when'
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and not __fish_seen_subcommand_from run status stop" -f -a "stop" -d 'End it; the agents go on'
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from run" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from run" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from run" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from run" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from status" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from status" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from status" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from status" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from status" -l json -d 'Print JSON'
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from stop" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from stop" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from stop" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from stop" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand monitor; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand demo" -l seconds -d 'How long to run without a terminal, in seconds' -r
complete -c swarm -n "__fish_swarm_using_subcommand demo" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand demo" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand demo" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand demo" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand demo" -l keep -d 'Keep the demo\'s directory and say where it is'
complete -c swarm -n "__fish_swarm_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l script -d 'The script: what it does on which prompt' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l name -d 'Its name, shown in the title' -r
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l model -d 'The model named in its transcript' -r
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l session-id -d 'The id of the new session' -r
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l resume -d 'Goes on with this session' -r
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l permission-mode -d 'ask, full, or Claude Code\'s manual, auto, acceptEdits, plan, bypassPermissions' -r
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l hooks-command -d 'Runs this command for every hook event' -r
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l settings -d 'Hooks in the format of Claude Code\'s settings: a file, or JSON' -r
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l append-system-prompt -d 'What its role is; counted into its context' -r
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l speed -d 'How many times faster than the script says' -r
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l replay -d 'Plays this recording of a real agent instead: a byte stream, a folder with one, or a captured screen' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l to -d 'Plays the recording only up to here, and holds that screen' -r
complete -c swarm -n "__fish_swarm_using_subcommand sim" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand sim" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand sim" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l continue -d 'Goes on with the last session of this directory'
complete -c swarm -n "__fish_swarm_using_subcommand sim" -l print-script -d 'Prints the built-in script'
complete -c swarm -n "__fish_swarm_using_subcommand sim" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand assets" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand assets" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand assets" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand assets" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand assets" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and not __fish_seen_subcommand_from install remove status" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and not __fish_seen_subcommand_from install remove status" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and not __fish_seen_subcommand_from install remove status" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and not __fish_seen_subcommand_from install remove status" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and not __fish_seen_subcommand_from install remove status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and not __fish_seen_subcommand_from install remove status" -f -a "install" -d 'Add swarm\'s hooks to the agent\'s own files'
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and not __fish_seen_subcommand_from install remove status" -f -a "remove" -d 'Take them away again'
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and not __fish_seen_subcommand_from install remove status" -f -a "status" -d 'Say how each agent reports, and what is installed'
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from install" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from install" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from install" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from install" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from remove" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from remove" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from remove" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from remove" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from status" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from status" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from status" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from status" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from status" -l json -d 'Print JSON'
complete -c swarm -n "__fish_swarm_using_subcommand hooks; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand hook" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand hook" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand hook" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand hook" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand hook" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swarm -n "__fish_swarm_using_subcommand mcp" -l part -d 'A file with the agent\'s part in the team, told to the client besides what the tools are for' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand mcp" -s s -l swarm -d 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]' -r
complete -c swarm -n "__fish_swarm_using_subcommand mcp" -s L -l socket-name -d 'The tmux socket name, as `tmux -L`' -r
complete -c swarm -n "__fish_swarm_using_subcommand mcp" -s S -l socket-path -d 'The tmux socket path, as `tmux -S`' -r -F
complete -c swarm -n "__fish_swarm_using_subcommand mcp" -l color -d 'When to colour the output' -r -f -a "auto\t'When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise'
always\t'Always'
never\t'Never'"
complete -c swarm -n "__fish_swarm_using_subcommand mcp" -s h -l help -d 'Print help (see more with \'--help\')'
