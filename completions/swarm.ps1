
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'swarm' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'swarm'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'swarm' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a swarm.toml for this directory')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Write a swarm.toml from a tmuxinator or tmuxp file')
            [CompletionResult]::new('freeze', 'freeze', [CompletionResultType]::ParameterValue, 'Write a swarm.toml of a running tmux session: its windows, layout, directories, and what its panes run')
            [CompletionResult]::new('up', 'up', [CompletionResultType]::ParameterValue, 'Start the agents of a swarm file: one tmux session, one pane per agent')
            [CompletionResult]::new('down', 'down', [CompletionResultType]::ParameterValue, 'End a swarm: its agents and the panes swarm made for them')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Allow a swarm file to start programs, as it is now')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show what every agent is doing')
            [CompletionResult]::new('attach', 'attach', [CompletionResultType]::ParameterValue, 'Go to an agent''s pane, or to the overview: attaches outside tmux, switches the client inside')
            [CompletionResult]::new('jump', 'jump', [CompletionResultType]::ParameterValue, 'The same as attach')
            [CompletionResult]::new('next', 'next', [CompletionResultType]::ParameterValue, 'Go to the agent that has waited longest; again, to the one after it')
            [CompletionResult]::new('menu', 'menu', [CompletionResultType]::ParameterValue, 'Show a tmux menu: approve, deny, message, jump, restart or end an agent')
            [CompletionResult]::new('send', 'send', [CompletionResultType]::ParameterValue, 'Send a text to agents')
            [CompletionResult]::new('handoff', 'handoff', [CompletionResultType]::ParameterValue, 'Hand work over to another agent, ask it, or answer it')
            [CompletionResult]::new('inbox', 'inbox', [CompletionResultType]::ParameterValue, 'Read the messages that wait for you')
            [CompletionResult]::new('ack', 'ack', [CompletionResultType]::ParameterValue, 'Say that you take a message, or what came of it')
            [CompletionResult]::new('approve', 'approve', [CompletionResultType]::ParameterValue, 'Allow what an agent asks for, once')
            [CompletionResult]::new('deny', 'deny', [CompletionResultType]::ParameterValue, 'Refuse what an agent asks for')
            [CompletionResult]::new('answer', 'answer', [CompletionResultType]::ParameterValue, 'Answer the prompt on an agent''s screen')
            [CompletionResult]::new('interrupt', 'interrupt', [CompletionResultType]::ParameterValue, 'Stop the turn an agent is working on')
            [CompletionResult]::new('restart', 'restart', [CompletionResultType]::ParameterValue, 'End an agent and start it again; its conversation goes on where the profile can resume one')
            [CompletionResult]::new('kill', 'kill', [CompletionResultType]::ParameterValue, 'End an agent; its last screen stays readable')
            [CompletionResult]::new('hibernate', 'hibernate', [CompletionResultType]::ParameterValue, 'Put an idle agent to sleep: it ends and frees its memory, and is woken with its conversation')
            [CompletionResult]::new('wake', 'wake', [CompletionResultType]::ParameterValue, 'Start an agent that sleeps, with its conversation')
            [CompletionResult]::new('hold', 'hold', [CompletionResultType]::ParameterValue, 'Hold an agent: messages and tasks to it wait, what it does goes on')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Hold an agent no longer: messages and tasks go to it again')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add an agent to a swarm that is up, and start it')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'End an agent and remove its pane; let go of one that was adopted')
            [CompletionResult]::new('rename', 'rename', [CompletionResultType]::ParameterValue, 'Give an agent another name: one that was added or adopted and stands in no swarm file')
            [CompletionResult]::new('adopt', 'adopt', [CompletionResultType]::ParameterValue, 'Take a pane that swarm did not make as an agent: it is watched, never ended')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until an agent has one of these statuses')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Show all evidence for an agent''s status, with its age, and the rule that won')
            [CompletionResult]::new('capture', 'capture', [CompletionResultType]::ParameterValue, 'Save an agent''s screen and evidence as a test case')
            [CompletionResult]::new('detect', 'detect', [CompletionResultType]::ParameterValue, 'Read saved screens and say what they prove')
            [CompletionResult]::new('cost', 'cost', [CompletionResultType]::ParameterValue, 'What the agents used and what it cost')
            [CompletionResult]::new('budget', 'budget', [CompletionResultType]::ParameterValue, 'Show what may be spent, what was, and what happens next; or allow more')
            [CompletionResult]::new('ingest', 'ingest', [CompletionResultType]::ParameterValue, 'Book transcripts without a monitor')
            [CompletionResult]::new('ledger', 'ledger', [CompletionResultType]::ParameterValue, 'Back up or check what is booked')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Print what happened to one agent, or to all')
            [CompletionResult]::new('events', 'events', [CompletionResultType]::ParameterValue, 'Print what happened: starts, status changes, handoffs, costs')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Look at, check and change the configuration')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Look at everything swarm needs and say what is wrong, with the mend')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Help for a command, or a topic: status, handoffs, budgets, tmux, troubleshooting')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('monitor', 'monitor', [CompletionResultType]::ParameterValue, 'The background process that watches the agents of one tmux server')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Show the main job with six simulated agents, in a place of its own')
            [CompletionResult]::new('sim', 'sim', [CompletionResultType]::ParameterValue, 'Play an agent in this pane')
            [CompletionResult]::new('assets', 'assets', [CompletionResultType]::ParameterValue, 'Write the completion scripts, man pages and JSON Schemas')
            [CompletionResult]::new('hooks', 'hooks', [CompletionResultType]::ParameterValue, 'Manage the hooks that must stand in an agent''s own files')
            [CompletionResult]::new('hook', 'hook', [CompletionResultType]::ParameterValue, 'Reports an agent''s event to the monitor (called by the agents'' hooks, not by people)')
            [CompletionResult]::new('mcp', 'mcp', [CompletionResultType]::ParameterValue, 'Serve an agent''s tools over the Model Context Protocol (called by agents, not by people)')
            break
        }
        'swarm;init' {
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Start from a template: plain, roles, pair, review, hub, panopticon, sim')
            [CompletionResult]::new('--template', '--template', [CompletionResultType]::ParameterName, 'Start from a template: plain, roles, pair, review, hub, panopticon, sim')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The agent CLI of all agents [default: the first that is installed]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The agent CLI of all agents [default: the first that is installed]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The swarm''s name [default: from the directory]')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The swarm''s name [default: from the directory]')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Ask nothing, take what is found')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Ask nothing, take what is found')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace a swarm.toml that is there')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;import' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Where to write; `-` prints it')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Where to write; `-` prints it')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace a file that is there')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;freeze' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Where to write [default: print it]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Where to write [default: print it]')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace a file that is there')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;up' {
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Only these agents')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Do not show the session afterwards')
            [CompletionResult]::new('--detach', '--detach', [CompletionResultType]::ParameterName, 'Do not show the session afterwards')
            [CompletionResult]::new('--trust', '--trust', [CompletionResultType]::ParameterName, 'Trust the swarm file as it is now')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Ask nothing: a file that is not trusted is refused, as without a terminal')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Ask nothing: a file that is not trusted is refused, as without a terminal')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be made, and make nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;down' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'End agents that are working, too, without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'End agents that are working, too, without asking')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;trust' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--remove', '--remove', [CompletionResultType]::ParameterName, 'Take the trust back')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'Print the files you have trusted')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;status' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print `swarm.status/v1` JSON')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Print again whenever something changes')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Print again whenever something changes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;attach' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;jump' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;next' {
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'The tmux client to move; what goes wrong is shown in its status line (for key bindings)')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'Print its name instead of going there')
            [CompletionResult]::new('--back', '--back', [CompletionResultType]::ParameterName, 'When nobody (else) waits, go back to where you were before the first')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;menu' {
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'The tmux client that shows it [default: yours]')
            [CompletionResult]::new('--pane', '--pane', [CompletionResultType]::ParameterName, 'The pane that is looked at')
            [CompletionResult]::new('--act', '--act', [CompletionResultType]::ParameterName, 'What was chosen')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;send' {
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Read the text from a file')
            [CompletionResult]::new('--template', '--template', [CompletionResultType]::ParameterName, 'Send a template of the configuration; `{agent}` and `{role}` in it stand for each receiver')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait, in seconds')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'A second text with this key is the first one again')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'To every agent of the swarm')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until it was submitted, and say with what proof')
            [CompletionResult]::new('--when-idle', '--when-idle', [CompletionResultType]::ParameterName, 'Type it when the agent is idle (the default)')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Type it also while the agent works, where it queues safely; refused where that cannot be done now')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;handoff' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'An agent, `@role` (one of that role takes it) or `human`')
            [CompletionResult]::new('--subject', '--subject', [CompletionResultType]::ParameterName, 'One line that says what it is about')
            [CompletionResult]::new('--body', '--body', [CompletionResultType]::ParameterName, 'The text; `-` reads it from stdin')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Read the text from a file')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'What it is [default: handoff; reply with --reply-to]')
            [CompletionResult]::new('--need', '--need', [CompletionResultType]::ParameterName, 'How far it must get')
            [CompletionResult]::new('--reply-to', '--reply-to', [CompletionResultType]::ParameterName, 'The message it answers: the answer goes to its sender')
            [CompletionResult]::new('--priority', '--priority', [CompletionResultType]::ParameterName, '1 (first) to 5 (last)')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'Of no use any more after this time (`2h`, `30m`)')
            [CompletionResult]::new('--completed', '--completed', [CompletionResultType]::ParameterName, 'What is done; may be given several times')
            [CompletionResult]::new('--next', '--next', [CompletionResultType]::ParameterName, 'What comes next; may be given several times')
            [CompletionResult]::new('--blocker', '--blocker', [CompletionResultType]::ParameterName, 'What is in the way; may be given several times')
            [CompletionResult]::new('--notes', '--notes', [CompletionResultType]::ParameterName, 'Anything else')
            [CompletionResult]::new('--artifact', '--artifact', [CompletionResultType]::ParameterName, 'A file that belongs to it (it stays where it is); may be given several times')
            [CompletionResult]::new('--branch', '--branch', [CompletionResultType]::ParameterName, 'The git branch the work is on')
            [CompletionResult]::new('--base', '--base', [CompletionResultType]::ParameterName, 'The commit the work started from')
            [CompletionResult]::new('--head', '--head', [CompletionResultType]::ParameterName, 'The last commit of the work')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'A second message with this key is the first one again')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait, in seconds')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until the receiver was told')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;inbox' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--dead', '--dead', [CompletionResultType]::ParameterName, 'Messages that could not be delivered (`retry ID` tries again, `drop ID` gives up)')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'The last messages, whatever became of them')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print `swarm.inbox/v1` JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;ack' {
            [CompletionResult]::new('--outcome', '--outcome', [CompletionResultType]::ParameterName, 'What came of it: its sender waits no longer')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;approve' {
            [CompletionResult]::new('--if-asks', '--if-asks', [CompletionResultType]::ParameterName, 'Only if the prompt contains this text')
            [CompletionResult]::new('--prompt', '--prompt', [CompletionResultType]::ParameterName, 'Only this very prompt (for menus)')
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'The tmux client that is told what goes wrong (for menus)')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;deny' {
            [CompletionResult]::new('--if-asks', '--if-asks', [CompletionResultType]::ParameterName, 'Only if the prompt contains this text')
            [CompletionResult]::new('--prompt', '--prompt', [CompletionResultType]::ParameterName, 'Only this very prompt (for menus)')
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'The tmux client that is told what goes wrong (for menus)')
            [CompletionResult]::new('--because', '--because', [CompletionResultType]::ParameterName, 'Why, for the agent: told with the answer where its hook gives it (`answer_by = "hook"`), else by a message after it')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;answer' {
            [CompletionResult]::new('--if-asks', '--if-asks', [CompletionResultType]::ParameterName, 'Only if the prompt contains this text')
            [CompletionResult]::new('--prompt', '--prompt', [CompletionResultType]::ParameterName, 'Only this very prompt (for menus)')
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'The tmux client that is told what goes wrong (for menus)')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;interrupt' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;restart' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--fresh', '--fresh', [CompletionResultType]::ParameterName, 'Start a new conversation')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;kill' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;hibernate' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;wake' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;hold' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;resume' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;add' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'What it is: claude, codex, shell, … [default: the file''s]')
            [CompletionResult]::new('--domain', '--domain', [CompletionResultType]::ParameterName, 'The directory it works in [default: that of the swarm file]')
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'Its role')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'The model')
            [CompletionResult]::new('--window', '--window', [CompletionResultType]::ParameterName, 'The window it shares with others that name it')
            [CompletionResult]::new('--prompt', '--prompt', [CompletionResultType]::ParameterName, 'Its first prompt')
            [CompletionResult]::new('--command', '--command', [CompletionResultType]::ParameterName, 'The program it runs, for the profile `shell`; arguments follow after `--`')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--save', '--save', [CompletionResultType]::ParameterName, 'Write it into the swarm file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;rm' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;rename' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;adopt' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The name it gets [default: that of --profile, else `pane`; with a number where it is taken]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'What runs in it [default: guessed from its process]')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;wait' {
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'The status to wait for; several with commas')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this many seconds')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;explain' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print `swarm.explain/v1` JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;capture' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The directory to write to')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The directory to write to')
            [CompletionResult]::new('--note', '--note', [CompletionResultType]::ParameterName, 'What is wrong, for whoever reads it')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;detect' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile to read with [default: a folder of the path named like one, else the one that proves something]')
            [CompletionResult]::new('--title', '--title', [CompletionResultType]::ParameterName, 'The pane''s title')
            [CompletionResult]::new('--cursor', '--cursor', [CompletionResultType]::ParameterName, 'The cursor''s position, from 0')
            [CompletionResult]::new('--cursor-visible', '--cursor-visible', [CompletionResultType]::ParameterName, 'Whether the cursor is visible')
            [CompletionResult]::new('--dead', '--dead', [CompletionResultType]::ParameterName, 'Whether the pane''s process has ended')
            [CompletionResult]::new('--width', '--width', [CompletionResultType]::ParameterName, 'The pane''s width in columns')
            [CompletionResult]::new('--height', '--height', [CompletionResultType]::ParameterName, 'The pane''s height in lines')
            [CompletionResult]::new('--alternate', '--alternate', [CompletionResultType]::ParameterName, 'Whether the alternate screen is on')
            [CompletionResult]::new('--command', '--command', [CompletionResultType]::ParameterName, 'The command that runs in the pane')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object per file')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;cost' {
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Group by this')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'From this day or time on: 2026-11-20, today, yesterday, 7d, 12h, or RFC 3339')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Until the end of this day, or until this time')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'The time zone of days, by its IANA name [default: the system''s]')
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The database [default: the user''s]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Only this profile')
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Only this agent')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--blocks', '--blocks', [CompletionResultType]::ParameterName, 'Show five-hour blocks, how fast the current one fills, and the agents'' own limits')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('--csv', '--csv', [CompletionResultType]::ParameterName, 'Print comma-separated values')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('prices', 'prices', [CompletionResultType]::ParameterValue, 'List the prices in use, or take them from a file')
            break
        }
        'swarm;cost;prices' {
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'Only this model, as a transcript names it')
            [CompletionResult]::new('--refresh', '--refresh', [CompletionResultType]::ParameterName, 'Take the prices from this file from now on')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;budget' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print `swarm.budget/v1` JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show every budget (the default)')
            [CompletionResult]::new('extend', 'extend', [CompletionResultType]::ParameterValue, 'Allow more until the day, the task, the turn or the swarm ends; agents it held go on')
            break
        }
        'swarm;budget;show' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print `swarm.budget/v1` JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;budget;extend' {
            [CompletionResult]::new('--per', '--per', [CompletionResultType]::ParameterName, 'Which of its budgets: turn, task, day or total [default: the only one there is]')
            [CompletionResult]::new('--usd', '--usd', [CompletionResultType]::ParameterName, 'So many US dollars more')
            [CompletionResult]::new('--tokens', '--tokens', [CompletionResultType]::ParameterName, 'So many tokens more')
            [CompletionResult]::new('--time', '--time', [CompletionResultType]::ParameterName, 'So much time more: 30m, 2h')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the answer as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;ingest' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The database [default: the user''s]')
            [CompletionResult]::new('--claude', '--claude', [CompletionResultType]::ParameterName, 'A directory of Claude Code: its home or its `projects`')
            [CompletionResult]::new('--codex', '--codex', [CompletionResultType]::ParameterName, 'A directory of Codex: its home or its `sessions`')
            [CompletionResult]::new('--gemini', '--gemini', [CompletionResultType]::ParameterName, 'A directory of Gemini CLI: its home or its `tmp`')
            [CompletionResult]::new('--qwen', '--qwen', [CompletionResultType]::ParameterName, 'A directory of Qwen Code: its home or its `projects`')
            [CompletionResult]::new('--opencode', '--opencode', [CompletionResultType]::ParameterName, 'A database or data directory of OpenCode')
            [CompletionResult]::new('--aider', '--aider', [CompletionResultType]::ParameterName, 'An analytics log of aider (`--analytics-log`), or a chat history (rounded: booked as an estimate)')
            [CompletionResult]::new('--copilot', '--copilot', [CompletionResultType]::ParameterName, 'A directory of Copilot CLI: its `session-state`')
            [CompletionResult]::new('--crush', '--crush', [CompletionResultType]::ParameterName, 'A database of Crush')
            [CompletionResult]::new('--goose', '--goose', [CompletionResultType]::ParameterName, 'A database of Goose')
            [CompletionResult]::new('--amp', '--amp', [CompletionResultType]::ParameterName, 'A directory of Amp: its `threads`')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;ledger' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Copy the database while it is in use')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the database for damage')
            break
        }
        'swarm;ledger;backup' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The database [default: the user''s]')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;ledger;check' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'The database [default: the user''s]')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;log' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'At most this many of the newest')
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'At most this many of the newest')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;events' {
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Only this agent')
            [CompletionResult]::new('--after', '--after', [CompletionResultType]::ParameterName, 'Only events after this id')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'At most this many of the newest')
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'At most this many of the newest')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Go on with what happens next')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Go on with what happens next')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print NDJSON, one `swarm.event/v1` object per line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;config' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write your own config.toml, every key explained')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Open a file in $VISUAL or $EDITOR; it is replaced only when it is right')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Say everything that is wrong, with place and mend; exits 3 when there is an error')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print what holds, all layers together')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Set one key, such as `layout.windows` or `agents.NAME.model`; comments stay')
            [CompletionResult]::new('path', 'path', [CompletionResultType]::ParameterValue, 'Print where the files are')
            [CompletionResult]::new('tmux', 'tmux', [CompletionResultType]::ParameterValue, 'Print the tmux plugin: keys, status line, marks. In ~/.tmux.conf: `run-shell ''swarm config tmux | sh''`')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a file, for editors, or of what a command''s `--json` prints')
            break
        }
        'swarm;config;init' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace the file that is there')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;config;edit' {
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'This swarm file [default: the nearest swarm.toml, else your own config.toml]')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Your own config.toml')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;config;check' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print `swarm.check/v1`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;config;show' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--origin', '--origin', [CompletionResultType]::ParameterName, 'Say for each value who set it')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print `swarm.config/v1`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;config;set' {
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'This swarm file [default: the nearest swarm.toml, else your own config.toml]')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Your own config.toml')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;config;path' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;config;tmux' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;config;schema' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;doctor' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print `swarm.doctor/v1` JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;help' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;completions' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;monitor' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run it in the foreground (`swarm up` starts it by itself)')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Say whether it runs, which version, since when')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'End it; the agents go on')
            break
        }
        'swarm;monitor;run' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;monitor;status' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;monitor;stop' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;demo' {
            [CompletionResult]::new('--seconds', '--seconds', [CompletionResultType]::ParameterName, 'How long to run without a terminal, in seconds')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Keep the demo''s directory and say where it is')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;sim' {
            [CompletionResult]::new('--script', '--script', [CompletionResultType]::ParameterName, 'The script: what it does on which prompt')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Its name, shown in the title')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'The model named in its transcript')
            [CompletionResult]::new('--session-id', '--session-id', [CompletionResultType]::ParameterName, 'The id of the new session')
            [CompletionResult]::new('--resume', '--resume', [CompletionResultType]::ParameterName, 'Goes on with this session')
            [CompletionResult]::new('--permission-mode', '--permission-mode', [CompletionResultType]::ParameterName, 'ask, full, or Claude Code''s manual, auto, acceptEdits, plan, bypassPermissions')
            [CompletionResult]::new('--hooks-command', '--hooks-command', [CompletionResultType]::ParameterName, 'Runs this command for every hook event')
            [CompletionResult]::new('--settings', '--settings', [CompletionResultType]::ParameterName, 'Hooks in the format of Claude Code''s settings: a file, or JSON')
            [CompletionResult]::new('--append-system-prompt', '--append-system-prompt', [CompletionResultType]::ParameterName, 'What its role is; counted into its context')
            [CompletionResult]::new('--speed', '--speed', [CompletionResultType]::ParameterName, 'How many times faster than the script says')
            [CompletionResult]::new('--replay', '--replay', [CompletionResultType]::ParameterName, 'Plays this recording of a real agent instead: a byte stream, a folder with one, or a captured screen')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Plays the recording only up to here, and holds that screen')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--continue', '--continue', [CompletionResultType]::ParameterName, 'Goes on with the last session of this directory')
            [CompletionResult]::new('--print-script', '--print-script', [CompletionResultType]::ParameterName, 'Prints the built-in script')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;assets' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;hooks' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Add swarm''s hooks to the agent''s own files')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take them away again')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Say how each agent reports, and what is installed')
            break
        }
        'swarm;hooks;install' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;hooks;remove' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;hooks;status' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;hook' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'swarm;mcp' {
            [CompletionResult]::new('--part', '--part', [CompletionResultType]::ParameterName, 'A file with the agent''s part in the team, told to the client besides what the tools are for')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one; what lists and reports takes all of them]')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('--socket-name', '--socket-name', [CompletionResultType]::ParameterName, 'The tmux socket name, as `tmux -L`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--socket-path', '--socket-path', [CompletionResultType]::ParameterName, 'The tmux socket path, as `tmux -S`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
