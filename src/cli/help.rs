//! `swarm help`: of a command, or of a topic. The texts of the topics are files under `config/help`; they are man pages,
//! too.

use std::fmt::Write as _;

use clap::CommandFactory;

use crate::error::{Error, Kind, Result};
use crate::text;

use super::{Cli, doctor, output};

/// A text about more than one command.
#[derive(Debug)]
pub struct Topic {
    /// Its name.
    pub name: &'static str,
    text: &'static str,
}

/// All topics, in the order in which they are listed.
pub const TOPICS: [Topic; 5] = [
    Topic { name: "status", text: include_str!("../../config/help/status.txt") },
    Topic { name: "handoffs", text: include_str!("../../config/help/handoffs.txt") },
    Topic { name: "budgets", text: include_str!("../../config/help/budgets.txt") },
    Topic { name: "tmux", text: include_str!("../../config/help/tmux.txt") },
    Topic { name: "troubleshooting", text: include_str!("../../config/help/troubleshooting.txt") },
];

impl Topic {
    /// Its first line.
    pub fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default()
    }

    /// The whole text. Troubleshooting ends with what `swarm doctor` can find.
    pub fn text(&self) -> String {
        let mut out = self.text.to_owned();
        if self.name == "troubleshooting" {
            for (name, found, mend) in doctor::examples() {
                let _ = write!(out, "\n  {name}: {found}\n      {mend}\n");
            }
        }
        out
    }

    /// The text as a man page of section 7.
    pub fn page(&self) -> String {
        let name = self.name;
        let mut out = format!(".TH swarm-{name} 7 \"\" swarm \"swarm manual\"\n.SH NAME\n");
        let _ = writeln!(out, "swarm\\-{name} \\- {}", escaped(self.title()));
        let mut verbatim = false;
        for line in self.text().lines().skip(1) {
            let indented = line.starts_with("    ");
            if indented != verbatim && !line.is_empty() {
                out.push_str(if indented { ".nf\n" } else { ".fi\n" });
                verbatim = indented;
            }
            match line {
                "" => out.push_str(".PP\n"),
                _ if line.starts_with(' ') => {
                    let _ = writeln!(out, "{}", escaped(if indented { line } else { line.trim_start() }));
                }
                // A line of its own that ends no sentence is a heading.
                _ if !line.ends_with(['.', ':', ',']) && line.len() < 80 => {
                    let _ = writeln!(out, ".SH {}", escaped(&line.to_uppercase()));
                }
                _ => {
                    let _ = writeln!(out, "{}", escaped(line));
                }
            }
        }
        if verbatim {
            out.push_str(".fi\n");
        }
        out
    }
}

/// Text for roff: nothing in it is a request.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
}

/// Help for a command, or a topic: status, handoffs, budgets, tmux, troubleshooting
#[derive(Debug, clap::Args)]
pub struct HelpArgs {
    /// A topic, or a command with its subcommands
    #[arg(value_name = "TOPIC|COMMAND")]
    words: Vec<String>,
}

/// `swarm help`.
pub fn run(args: &HelpArgs) -> Result<()> {
    if let [word] = args.words.as_slice()
        && let Some(topic) = TOPICS.iter().find(|t| t.name == word)
    {
        let mut out = topic.text();
        if Cli::command().find_subcommand(word).is_some() {
            let _ = write!(out, "\nThe command of that name: `swarm {word} --help`\n");
        }
        return output::print(&out);
    }
    let mut command = Cli::command().bin_name("swarm");
    command.build();
    let mut found = &mut command;
    for word in &args.words {
        found = found.find_subcommand_mut(word).ok_or_else(|| unknown(word))?;
    }
    let mut out = found.render_long_help().to_string();
    if args.words.is_empty() {
        out.push('\n');
        for topic in &TOPICS {
            let _ = writeln!(out, "  {:<16} {}", topic.name, topic.title());
        }
    }
    output::print(&out)
}

fn unknown(word: &str) -> Error {
    let topics: Vec<&str> = TOPICS.iter().map(|t| t.name).collect();
    Error::new(Kind::Usage, format!("there is no command or topic `{}`", text::one_line(word)))
        .hint(format!("topics are: {}; `swarm help` lists the commands", topics.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_says_something_and_names_only_commands_that_exist() {
        let command = Cli::command();
        for topic in &TOPICS {
            let text = topic.text();
            assert!(text.lines().count() > 10 && !topic.title().is_empty(), "{}", topic.name);
            assert!(topic.text.lines().all(|line| line.chars().count() <= 100), "{}", topic.name);
            let starts = text.lines().flat_map(|line| {
                let typed = line.strip_prefix("    swarm ").into_iter();
                typed.chain(line.split("`swarm ").skip(1))
            });
            for call in starts {
                let words = call.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
                let mut words = words.filter(|w| !w.is_empty());
                let Some(first) = words.next().filter(|w| !w.starts_with('-')) else { continue };
                let sub = command.find_subcommand(first);
                assert!(sub.is_some(), "`swarm {first}` in {}", topic.name);
                if let Some(sub) = sub
                    && sub.has_subcommands()
                    && let Some(second) =
                        words.next().filter(|w| w.starts_with(|c: char| c.is_ascii_lowercase()))
                {
                    let known =
                        sub.find_subcommand(second).is_some() || sub.get_positionals().next().is_some();
                    assert!(known || call.starts_with(&format!("{first}  ")), "`swarm {first} {second}`");
                }
            }
        }
    }

    #[test]
    fn a_page_is_roff() {
        let page = TOPICS[3].page();
        assert!(page.starts_with(".TH swarm-tmux 7"), "{page}");
        assert!(
            page.contains(".SH LIFE IN TMUX") || page.contains("swarm\\-tmux \\- Life in tmux"),
            "{page}"
        );
        assert!(page.contains("\\&.tmux") || !page.contains("\n.tmux"), "{page}");
    }
}
