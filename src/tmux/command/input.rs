//! Keys and pastes, each guarded where it could do harm.

use tmux_interface as spell;

use super::Command;
use crate::tmux::format;
use crate::tmux::gate::Stir;
use crate::tmux::id::PaneId;
use crate::tmux::quote;

/// Typing.
impl Command {
    /// Presses named keys (`Enter`, `C-c`, `Escape`). Copy mode swallows them.
    pub fn send_keys(pane: PaneId, keys: &[&str]) -> Self {
        let mut built = spell::SendKeys::new().target_pane(pane.to_string()).build();
        built.push_param("--");
        for key in keys {
            built.push_param(*key);
        }
        built.into()
    }

    /// Ends copy mode or whatever mode the pane is in.
    pub fn cancel_mode(pane: PaneId) -> Self {
        Self::if_format(pane, "#{pane_in_mode}", &[Self::leave_mode(pane)], &[])
    }

    fn leave_mode(pane: PaneId) -> Self {
        let mut built = spell::SendKeys::new().target_pane(pane.to_string()).build();
        built.push_flag("-X").push_param("cancel");
        // `%pane-mode-changed`
        Self { stirs: Stir::Now, ..built.into() }
    }

    /// Types literal text, best up to 512 bytes; longer text is pasted.
    pub fn send_text(pane: PaneId, text: &str) -> Self {
        let mut built = spell::SendKeys::new().disable_lookup().target_pane(pane.to_string()).build();
        built.push_param("--").push_param(text);
        built.into()
    }

    /// Fills a named paste buffer.
    pub fn set_buffer(buffer: &str, data: &str) -> Self {
        let mut built = spell::SetBuffer::new().buffer_name(buffer).build();
        built.push_param("--").push_param(data);
        built.into()
    }

    /// Fills a named paste buffer from a file on tmux's host: 10x cheaper for the server above 16 KB.
    ///
    /// A file that cannot be read is *not* an error of this command on tmux up to 3.7; the paste then says so.
    pub fn load_buffer(buffer: &str, path: &str) -> Self {
        spell::LoadBuffer::new().buffer_name(buffer).path(quote::format_literal(path)).build().into()
    }

    /// Prints a paste buffer.
    pub fn show_buffer(buffer: &str) -> Self {
        spell::ShowBuffer::new().buffer_name(buffer).build().into()
    }

    /// Forgets a paste buffer.
    pub fn delete_buffer(buffer: &str) -> Self {
        spell::DeleteBuffer::new().buffer_name(buffer).build().into()
    }

    /// Pastes a buffer (bracketed where the program asked for it, line feeds kept) and forgets it, unless the pane is
    /// dead. Prints `pasted` or `dead`.
    ///
    /// The check and the paste are one command inside tmux: `paste-buffer` into a dead pane crashes a 3.3a server.
    /// From 3.7 on tmux writes control characters other than tab, LF and CR as `^X`.
    pub fn paste_buffer(pane: PaneId, buffer: &str) -> Self {
        let dead = [Self::delete_buffer(buffer), Self::say("dead")];
        Self::if_format(pane, format::DEAD, &dead, &[Self::paste(pane, buffer), Self::say("pasted")])
    }

    /// Pastes a buffer as [`Command::paste_buffer`] does, but only while `condition` holds for the pane, which must be
    /// false for a dead one; forgets the buffer in any case. Prints `done` or `unfit`.
    pub fn paste_buffer_if(pane: PaneId, condition: &str, buffer: &str) -> Self {
        let unfit = [Self::delete_buffer(buffer), Self::say("unfit")];
        Self::if_format(pane, condition, &[Self::paste(pane, buffer), Self::say("done")], &unfit)
    }

    fn paste(pane: PaneId, buffer: &str) -> Self {
        let built = spell::PasteBuffer::new().bracket_codes().no_replacement().delete();
        built.buffer_name(buffer).target_pane(pane.to_string()).build().into()
    }

    /// Prints `word`, literally; for the branches of [`Command::if_format`].
    pub fn say(word: &str) -> Self {
        let word = quote::format_literal(word).replace('%', "%%");
        spell::DisplayMessage::new().print().message(word).build().into()
    }
}
