#!/bin/sh
# swarm.tmux: keys, status line and marks of swarm in tmux.
#
# In ~/.tmux.conf, after your own settings and themes:
#
#     run-shell 'swarm config tmux | sh'
#
# or, from a clone that TPM keeps (`set -g @plugin 'OWNER/tmux-swarm'`), after TPM's own line:
#
#     run-shell ~/.tmux/plugins/tmux-swarm/config/swarm.tmux
#
# Nothing of yours is overwritten: a key is bound only where it is free, or where you name it. Set before this runs:
#
#     @swarm_popup_key   S      the overview in a popup            (`none` binds nothing; anything that bind-key takes
#     @swarm_next_key    N      the next agent that waits, and back  is a key: '-n M-s' needs no prefix)
#     @swarm_menu_key    A      a menu of what can be done with the agent in this pane, or of all agents
#     @swarm_popup_size  90%    columns and rows of the popup
#     @swarm_command     swarm  the program
#     @swarm_status_line none   right or left: adds #{E:@swarm_status} to status-right or status-left
#     @swarm_window_marks off   on: adds the icon of the most urgent agent to window names
#     @swarm_pane_titles off    on: agent and status in the pane borders
#     @swarm_icon_STATUS, @swarm_style_STATUS   your own icon and style, as in: set -g @swarm_style_waiting fg=red,bold

set -f
command=swarm
environment=

opt() {
    tmux show-options -gqv "$1"
}

# The value of an option, or what holds without one.
opt_or() {
    value=$(opt "$1")
    printf '%s' "${value:-$2}"
}

# A word for a shell, of which tmux expands the formats first.
quoted() {
    printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g; s/#/##/g")"
}

# Whether a key of the prefix table is bound by anybody but us.
taken() {
    bound=$(tmux list-keys -T prefix "$1" 2>/dev/null) || return 1
    case $bound in
        '' | *SWARM_PLUGIN=1*) return 1 ;;
    esac
}

# bind OPTION DEFAULT NOTE COMMAND...
bind() {
    chosen=$(opt "$1")
    key=${chosen:-$2}
    note=$3
    shift 3
    [ "$chosen" = none ] && return
    if [ -z "$chosen" ] && taken "$key"; then
        return
    fi
    [ "$key" = ';' ] && key='\;'
    # Not quoted: a choice may hold flags of bind-key.
    # shellcheck disable=SC2086
    tmux bind-key -N "$note" $key "$@"
}

# append OPTION TEXT: adds the text to a window option, once.
append() {
    now=$(tmux show-options -gwqv "$1")
    case $now in
        *@swarm_*) ;;
        *) tmux set-option -gw "$1" "$now$2" ;;
    esac
}

status_line() {
    now=$(opt "status-$1")
    case $now in
        *@swarm_status*) return ;;
    esac
    case $1 in
        right) tmux set-option -g status-right "#{?@swarm_status,#{E:@swarm_status} ,}$now" ;;
        left) tmux set-option -g status-left "$now#{?@swarm_status,#{E:@swarm_status} ,}" ;;
    esac
    # tmux's own lengths, 40 and 10, are too short for one more segment.
    case $1$(opt "status-$1-length") in
        right40) tmux set-option -g status-right-length 100 ;;
        left10) tmux set-option -g status-left-length 60 ;;
    esac
}

pane_titles() {
    now=$(tmux show-options -gwqv pane-border-format)
    case $now in
        *@swarm_*) ;;
        *)
            tmux set-option -g @swarm_border_before "$now"
            tmux set-option -gw pane-border-format '#{?@swarm_label, #{E:@swarm_label} ,#{E:@swarm_border_before}}'
            ;;
    esac
    if [ "$(tmux show-options -gwqv pane-border-status)" = off ]; then
        tmux set-option -gw pane-border-status top
    fi
}

command=$(opt_or @swarm_command "$command")
socket=$(tmux display-message -p '#{socket_path}')
# Inside a popup there is no pane: what tmux itself was started with must not be taken for one.
run="exec env -u TMUX_PANE SWARM_PLUGIN=1 $environment $(quoted "$command") -S $(quoted "$socket")"
size=$(opt_or @swarm_popup_size 90%)

bind @swarm_popup_key S 'swarm: the overview' display-popup -E -w "$size" -h "$size" "$run"
bind @swarm_next_key N 'swarm: the next agent that waits, and back' run-shell -b "$run next --back --client #{q:client_name}"
bind @swarm_menu_key A 'swarm: what can be done with this agent' run-shell -b "$run menu --client #{q:client_name} --pane #{pane_id}"

case $(opt @swarm_status_line) in
    right) status_line right ;;
    left) status_line left ;;
esac
if [ "$(opt @swarm_window_marks)" = on ]; then
    append window-status-format '#{?@swarm_mark, #{E:@swarm_mark},}'
    append window-status-current-format '#{?@swarm_mark, #{E:@swarm_mark},}'
fi
if [ "$(opt @swarm_pane_titles)" = on ]; then
    pane_titles
fi
exit 0
