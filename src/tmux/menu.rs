//! Menus, popups and questions that tmux shows in a person's client.
//!
//! What a menu holds is expanded as a format when it is shown, and what `run-shell` gets once more when it runs: text is
//! made literal for each of them here. Only the question of a confirmation goes through `strftime`, too.

use tmux_interface as spell;

use super::command::Command;
use super::quote;

/// One line of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuItem {
    /// What it says; empty for a separator.
    pub label: String,
    /// The key that chooses it; empty for none.
    pub key: String,
    /// What it runs; nothing for a line that only says something.
    pub commands: Vec<Command>,
}

impl MenuItem {
    /// A line that runs commands.
    pub fn new(label: &str, key: &str, commands: Vec<Command>) -> Self {
        Self { label: label.to_owned(), key: key.to_owned(), commands }
    }

    /// A line that only says something.
    pub fn label(label: &str) -> Self {
        Self::new(label, "", Vec::new())
    }

    /// A line between groups.
    pub fn separator() -> Self {
        Self::new("", "", Vec::new())
    }
}

impl Command {
    /// Shows a menu in the middle of a client.
    pub fn display_menu(client: &str, title: &str, items: &[MenuItem]) -> Self {
        let mut built =
            spell::DisplayMenu::new().target_client(client).title(quote::format_literal(title)).build();
        built.push_option("-x", "C");
        built.push_option("-y", "C");
        // The first label may begin with a dash.
        built.push_param("--");
        for item in items {
            if item.label.is_empty() {
                built.push_param("");
                continue;
            }
            // A label with a dash in front is shown and cannot be chosen.
            let dash = if item.commands.is_empty() { "-" } else { "" };
            built.push_param(format!("{dash}{}", quote::format_literal(&item.label)));
            built.push_param(item.key.clone());
            built.push_param(quote::format_literal(&Self::nested(&item.commands)));
        }
        built.into()
    }

    /// Runs a line of shell without anybody waiting for it.
    pub fn run_in_background(line: &str) -> Self {
        spell::RunShell::new().background().shell_command(quote::format_literal(line)).build().into()
    }

    /// Asks for a `y` in the client's status line before commands run.
    pub fn confirm(question: &str, commands: &[Self]) -> Self {
        let mut built =
            spell::ConfirmBefore::new().prompt(quote::format_literal(question).replace('%', "%%")).build();
        built.push_param(Self::nested(commands));
        built.into()
    }

    /// A line of shell in a popup of so many rows, which closes with it.
    pub fn popup(line: &str, rows: usize) -> Self {
        let mut built = spell::TmuxCommand::new();
        built.name("display-popup");
        built.push_flag("-E");
        built.push_option("-w", "80%");
        built.push_option("-h", rows.to_string());
        built.push_param(line);
        built.into()
    }
}
