//! Commands, spelled by `tmux_interface` and quoted by us: the only users of that crate are here. `place` makes and ends
//! panes, `options` sets, `ask` looks, `input` types.
//!
//! A [`Command`] is words; it becomes text in two ways: [`Command::argv`] for a process, [`Command::line`] for the
//! control-mode pipe. Constructors take ids, never names or indexes, and text where they say so is meant literally.

mod ask;
mod input;
mod options;
mod place;

use tmux_interface as spell;

use super::gate::Stir;
use super::id::PaneId;
use super::quote;
use crate::config::Arrangement;

/// How many reply blocks a command gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blocks {
    /// Exactly one.
    One,
    /// One for itself and one for each command that runs inside it.
    Many,
}

/// One tmux command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    words: Vec<String>,
    pub(super) blocks: Blocks,
    /// tmux up to 3.7 writes `%pause` and `%continue` into the reply of this command.
    pub(super) notifies: bool,
    /// What tmux tells control clients because of it.
    pub(super) stirs: Stir,
}

impl From<spell::TmuxCommand<'_>> for Command {
    fn from(built: spell::TmuxCommand<'_>) -> Self {
        let words: Vec<String> = built.to_vec().into_iter().map(std::borrow::Cow::into_owned).collect();
        let stirs = words.first().map_or(Stir::No, |name| Stir::of(name));
        Self { words, blocks: Blocks::One, notifies: false, stirs }
    }
}

/// What to start in a pane, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Launch {
    /// The working directory, absolute; empty leaves it to tmux.
    pub directory: String,
    /// Variables for this process only.
    pub env: Vec<(String, String)>,
    /// Program and arguments. Started without a shell in between, whatever the user's `default-shell`.
    pub argv: Vec<String>,
}

impl Launch {
    /// A process that holds a pane open, reads what is typed, does nothing and costs nothing: for the first pane of a
    /// new window, which tmux up to 3.7 cannot make empty.
    pub fn placeholder() -> Self {
        Self { argv: vec!["cat".to_owned(), "-".to_owned()], ..Self::default() }
    }

    /// The words for tmux, which gives a single word to a shell but starts several directly.
    fn words(&self) -> Vec<String> {
        match self.argv.as_slice() {
            [one] if one.contains('=') || one.starts_with('-') => {
                vec!["/bin/sh".to_owned(), "-c".to_owned(), "exec \"$0\"".to_owned(), one.clone()]
            }
            [one] => vec!["/usr/bin/env".to_owned(), one.clone()],
            words => words.to_vec(),
        }
    }

    fn push(&self, mut built: spell::TmuxCommand<'_>) -> Command {
        if !self.directory.is_empty() {
            built.push_option("-c", quote::format_literal(&self.directory));
        }
        for (key, value) in &self.env {
            built.push_option("-e", format!("{key}={value}"));
        }
        built.push_param("--");
        for word in self.words() {
            built.push_param(word);
        }
        built.into()
    }
}

/// What `capture-pane` keeps of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// Text only: 20–30 µs for a pane of 120x50 on tmux 3.3a.
    Text,
    /// Text with escape sequences for attributes and links: 75–150 µs.
    Escapes,
}

/// How a pane is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// The new pane is to the right.
    Right,
    /// The new pane is below.
    Below,
}

/// Options and their values.
pub(super) type Marks<'a> = &'a [(&'a str, &'a str)];

/// The largest window that tmux makes, in columns and rows (`WINDOW_MAXIMUM`).
const WINDOW_MAX: u32 = 10_000;

fn is_layout(text: &str) -> bool {
    let known = match text.parse() {
        Ok(Arrangement::PerAgent) | Err(_) => return false,
        Ok(Arrangement::Literal(cells)) => cells.split_once(',').map(|(_, cells)| cells.to_owned()),
        Ok(_) => None,
    };
    let numbers = known.iter().flat_map(|cells| cells.split(|c: char| !c.is_ascii_digit()));
    numbers.filter(|n| !n.is_empty()).all(|n| n.parse::<u32>().is_ok_and(|n| n <= WINDOW_MAX))
}

/// Putting commands together.
impl Command {
    /// Expands `condition` for the pane and runs one of the two lists, all inside tmux with nothing in between.
    ///
    /// The reply is what the commands printed, in order; it is an error as soon as one of them fails, and those after it
    /// do not run.
    pub fn if_format(pane: PaneId, condition: &str, then: &[Self], otherwise: &[Self]) -> Self {
        let mut built = spell::IfShell::new()
            .not_execute()
            .target_pane(pane.to_string())
            .shell_command(condition)
            .command(Self::nested(then))
            .build();
        if !otherwise.is_empty() {
            built.push_param(Self::nested(otherwise));
        }
        let stirs = Self::stirs(then).max(Self::stirs(otherwise));
        Self { blocks: Blocks::Many, stirs, ..built.into() }
    }

    /// What tmux tells control clients because of these.
    pub(super) fn stirs(commands: &[Self]) -> Stir {
        commands.iter().map(|command| command.stirs).max().unwrap_or(Stir::No)
    }

    /// Runs `true` in the background. Its exit makes tmux 3.3a notice deaths of which it lost the status.
    pub fn nudge() -> Self {
        spell::RunShell::new().background().shell_command("true").build().into()
    }

    /// Runs `true` and answers when it has ended, so that what tmux reaped with it shows in the next command.
    pub fn nudge_and_wait() -> Self {
        spell::RunShell::new().shell_command("true").build().into()
    }

    /// Wakes what waits in `wait-for` on the channel, in any client.
    pub fn signal_channel(channel: &str) -> Self {
        spell::WaitFor::new().woken().channel(channel).build().into()
    }

    pub(super) fn nested(commands: &[Self]) -> String {
        let mut line = Vec::new();
        for (i, command) in commands.iter().enumerate() {
            if i > 0 {
                line.extend(b" ; ");
            }
            command.write(&mut line);
        }
        String::from_utf8_lossy(&line).into_owned()
    }

    /// The words, before any quoting.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The words as arguments of a `tmux` process.
    pub fn argv(&self) -> Vec<String> {
        self.words.iter().map(|word| quote::argv_word(word)).collect()
    }

    /// The command as one line for the control-mode pipe, without the line feed.
    pub fn line(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for (i, word) in self.words.iter().enumerate() {
            if i == 0 {
                out.extend(word.as_bytes());
            } else {
                out.push(b' ');
                quote::line_word(word, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tmux::id::{SessionId, WindowId};

    fn line(command: &Command) -> String {
        String::from_utf8(command.line()).unwrap()
    }

    fn launch(argv: &[&str]) -> Launch {
        let env = vec![("A".to_owned(), "x y".to_owned()), ("B".to_owned(), "1;".to_owned())];
        Launch { directory: "/d#{x}".into(), env, argv: argv.iter().map(|&a| a.to_owned()).collect() }
    }

    #[test]
    fn a_process_starts_without_a_shell() {
        assert_eq!(
            line(&Command::respawn_pane(PaneId(3), &launch(&["claude"]))),
            r#"respawn-pane "-k" "-t" "%3" "-c" "/d##{x}" "-e" "A=x y" "-e" "B=1;" "--" "/usr/bin/env" "claude""#
        );
        let odd = Command::respawn_pane(PaneId(3), &launch(&["/a=b/c"]));
        assert_eq!(odd.argv()[9..], ["B=1\\;", "--", "/bin/sh", "-c", "exec \"$0\"", "/a=b/c"]);
        let two = Command::new_window(SessionId(1), "build", &launch(&["cargo", "watch;"]));
        assert_eq!(two.argv().last().unwrap(), "watch\\;");
        assert!(line(&two).contains(r#""-t" "\$1:""#), "{}", line(&two));
    }

    #[test]
    fn a_paste_is_guarded_in_the_same_command() {
        assert_eq!(
            line(&Command::paste_buffer(PaneId(7), "b1")),
            concat!(
                r##"if-shell "-F" "-t" "%7" "#{||:#{pane_dead},#{==:#{pane_start_command},''}}" "##,
                r#""delete-buffer \"-b\" \"b1\" ; display-message \"-p\" \"dead\"" "#,
                r#""paste-buffer \"-d\" \"-p\" \"-r\" \"-b\" \"b1\" \"-t\" \"%7\" ; "#,
                r#"display-message \"-p\" \"pasted\"""#
            )
        );
    }

    #[test]
    fn what_clients_are_told_of_is_known_through_every_nesting() {
        let pane = PaneId(1);
        let stirs = |then: Command| Command::if_format(pane, "1", &[Command::say("x"), then], &[]).stirs;
        assert_eq!(stirs(Command::split_empty(pane, Split::Below)), Stir::Now);
        assert_eq!(stirs(Command::if_format(pane, "1", &[], &[Command::kill_pane(pane)])), Stir::Later);
        assert_eq!(stirs(Command::send_keys(pane, &["Enter"])), Stir::No);
        let window = Command::open_window(SessionId(1), "t", "n", &launch(&["a", "b"]), &[], &[], "x");
        assert_eq!(window.stirs, Stir::Now);
    }

    #[test]
    fn options_go_where_the_target_says() {
        assert_eq!(
            line(&Command::set_option(PaneId(1), "@swarm_agent", "a")),
            r#"set-option "-p" "-t" "%1" "@swarm_agent" "a""#
        );
        assert_eq!(line(&Command::unset_option(WindowId(2), "x")), r#"set-option "-u" "-w" "-t" "@2" "x""#);
        assert_eq!(line(&Command::set_global("status", "")), r#"set-option "-g" "@swarm_status" """#);
    }

    #[test]
    fn nothing_here_can_hurt_a_server() {
        let layout = |text| Command::select_layout(WindowId(1), text).words()[3].clone();
        for fine in ["tiled", "even-vertical", "8205,80x24,0,0{40x24,0,0,0,39x24,41,0,1}"] {
            assert_eq!(layout(fine), fine);
        }
        for wrong in ["", "tile", "per-agent", "0000,80x24,0,0", "no such layout"] {
            assert_eq!(layout(wrong), format!("0000,{wrong}"));
        }
        assert_eq!(line(&Command::pause_pane(PaneId(4))), r#"refresh-client "-A" "%4:pause""#);
        assert_eq!(line(&Command::subscribe("n", "%*", "#{x}")), r#"refresh-client "-B" "n:%*:#{x}""#);
    }
}
