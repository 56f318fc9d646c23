//! Which key does what: `config/keymap.toml`, with the user's file laid over it.
//!
//! Refuses what cannot work (unknown actions, unknown keys, keys that tmux cannot deliver, one key for two actions of
//! the same file) and says where.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::action::{ACTIONS, Action, Context};
use super::key::Key;
use crate::error::{Error, Kind, Result};

/// The keys compiled in.
pub const DEFAULT: &str = include_str!("../../config/keymap.toml");

/// Which key does what in which context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    keys: BTreeMap<Action, Vec<Key>>,
    bound: BTreeMap<(Context, Key), (Action, usize)>,
}

impl Default for Keymap {
    fn default() -> Self {
        let mut keymap = Self { keys: BTreeMap::new(), bound: BTreeMap::new() };
        if let Err(err) = keymap.overlay("config/keymap.toml", DEFAULT) {
            unreachable!("the keymap that is compiled in is checked by a test: {err}");
        }
        keymap
    }
}

/// The table in which an action of any context may stand: their names differ.
const ANY: &str = "keys";

type File = BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Spanned<Vec<Spanned<String>>>>>;

/// The same, as serde sees it: no table is required.
#[derive(Deserialize)]
#[serde(transparent)]
struct KeymapFile(File);

impl Keymap {
    /// Lays the file `name` with this text over the keys so far.
    pub fn overlay(&mut self, name: &str, text: &str) -> Result<()> {
        let wrong =
            |at: usize, what: String| Error::new(Kind::Config, format!("{}: {what}", place(name, text, at)));
        let KeymapFile(file) = toml::from_str(text).map_err(|e| {
            wrong(e.span().map_or(0, |s| s.start), e.message().to_owned())
                .hint("write `[overview]` and lines such as `kill = [\"x\"]`")
        })?;
        let mut fresh: BTreeMap<(Context, Key), (Action, usize)> = BTreeMap::new();
        for (table, actions) in &file {
            let named = Context::ALL.into_iter().find(|(_, n)| n == table.as_ref()).map(|(c, _)| c);
            if named.is_none() && table.as_ref() != ANY {
                return Err(wrong(table.span().start, format!("no table `{}`", table.as_ref()))
                    .hint("the tables are [overview], [letters], [live], [confirm], [text], and [keys] for all of them"));
            }
            for (action_name, keys) in actions {
                let about = ACTIONS
                    .iter()
                    .find(|a| a.name == action_name.as_ref() && named.is_none_or(|c| c == a.context));
                let about = about.ok_or_else(|| {
                    let what = format!("no action `{}` in [{}]", action_name.as_ref(), table.as_ref());
                    wrong(action_name.span().start, what).hint(format!("the actions are {}", names_in(named)))
                })?;
                let context = about.context;
                let mut list = Vec::new();
                for (nth, spelled) in keys.as_ref().iter().enumerate() {
                    let key: Key = spelled.as_ref().parse().map_err(|why| {
                        wrong(
                            spelled.span().start,
                            format!("the key `{}` {why}", spelled.as_ref().escape_default()),
                        )
                    })?;
                    if let Some((other, _)) = fresh.insert((context, key), (about.action, nth)) {
                        let what = format!(
                            "the key `{key}` is given to `{}` and to `{}`",
                            other.about().name,
                            about.name
                        );
                        return Err(wrong(spelled.span().start, what).hint("take it from one of them"));
                    }
                    list.push(key);
                }
                self.bound.retain(|(c, _), (a, _)| !(*c == context && *a == about.action));
                self.keys.insert(about.action, list);
            }
        }
        for (&(context, key), &(action, _)) in &fresh {
            if let Some((before, _)) = self.bound.get(&(context, key))
                && *before != action
                && let Some(list) = self.keys.get_mut(before)
            {
                list.retain(|k| *k != key);
            }
        }
        self.bound.extend(fresh);
        Ok(())
    }

    /// What `key` does in `context`, and as the how-manieth key of that action.
    pub fn action(&self, context: Context, key: Key) -> Option<(Action, usize)> {
        self.bound.get(&(context, key)).copied()
    }

    /// The keys of `action`, the one to show first.
    pub fn keys(&self, action: Action) -> &[Key] {
        self.keys.get(&action).map_or(&[], Vec::as_slice)
    }

    /// The first key of `action` for a hint; `None` when it has none.
    pub fn hint(&self, action: Action) -> Option<String> {
        self.keys(action).first().map(ToString::to_string)
    }
}

fn names_in(context: Option<Context>) -> String {
    ACTIONS
        .iter()
        .filter(|a| context.is_none_or(|c| c == a.context))
        .map(|a| a.name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// `file:line:column` of the byte `at` of `text`; lines and columns count from 1, columns in characters.
pub(super) fn place(file: &str, text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    format!("{file}:{line}:{column}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::key::Code;

    fn overlaid(text: &str) -> Result<Keymap> {
        let mut keymap = Keymap::default();
        keymap.overlay("keymap.toml", text).map(|()| keymap)
    }

    #[test]
    fn the_default_names_every_action() {
        let keymap = Keymap::default();
        for about in ACTIONS {
            assert!(keymap.keys.contains_key(&about.action), "{}", about.name);
        }
        assert_eq!(keymap.action(Context::Overview, Key::char('3')), Some((Action::Choose, 2)));
        assert_eq!(keymap.action(Context::Text, Key::char('x')), None);
    }

    #[test]
    fn a_user_file_moves_keys() {
        let keymap = overlaid("[overview]\nkill = [\"K\", \"F8\"]\nzoom = [\"x\"]\n").unwrap();
        assert_eq!(keymap.action(Context::Overview, Key::char('K')), Some((Action::Kill, 0)));
        assert_eq!(keymap.action(Context::Overview, Key::plain(Code::F(8))), Some((Action::Kill, 1)));
        assert_eq!(keymap.action(Context::Overview, Key::char('x')), Some((Action::Zoom, 0)));
        assert_eq!(keymap.action(Context::Overview, Key::char('z')), None);
        assert_eq!(keymap.hint(Action::Zoom).as_deref(), Some("x"));
        let keymap = overlaid("[overview]\ndetails = [\"k\"]\n").unwrap();
        assert_eq!(keymap.keys(Action::Up), [Key::plain(Code::Up)], "k was taken from `up`");
        let keymap = overlaid("[keys]\nkill = [\"K\"]\nyes = [\"Y\"]\n").unwrap();
        assert_eq!(keymap.keys(Action::Yes), [Key::char('Y')]);
        assert_eq!(keymap.keys(Action::Kill), [Key::char('K')]);
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, says) in [
            ("[overview]\nkil = [\"x\"]\n", "keymap.toml:2:1: no action `kil` in [overview]"),
            ("[overview]\nkill = [\"x\", \"hyper\"]\n", "keymap.toml:2:14: the key `hyper` is no key"),
            ("[overview]\nkill = [\"C-i\"]\n", "keymap.toml:2:9: the key `C-i` never arrives inside tmux"),
            ("[list]\nkill = [\"x\"]\n", "keymap.toml:1:2: no table `list`"),
            ("[overview]\nkill = [\"x\"]\nzoom = [\"x\"]\n", "the key `x` is given to `kill` and to `zoom`"),
            ("[overview]\nkill = \"x\"\n", "keymap.toml:2:8: invalid type: string"),
            ("[overview\n", "keymap.toml:1:10:"),
            ("[overview]\nyes = [\"y\"]\n", "no action `yes` in [overview]"),
        ] {
            let err = overlaid(text).unwrap_err();
            assert_eq!(err.kind(), Kind::Config);
            assert!(err.to_string().contains(says), "{err}");
        }
    }
}
