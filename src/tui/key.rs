//! Keys as a terminal inside tmux can deliver them, and their names.
//!
//! Knows no terminal library: [`super::terminal`] translates. Shift is not a modifier here: a shifted letter arrives as
//! the capital, Shift-Tab as `BTab`.

use std::fmt;
use std::str::FromStr;

use crate::protocol::Typed;

/// One key press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// With Ctrl held.
    pub ctrl: bool,
    /// With Alt held (or Escape before it).
    pub alt: bool,
}

/// Which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A character.
    Char(char),
    /// Return.
    Enter,
    /// Escape.
    Escape,
    /// Tab.
    Tab,
    /// Shift-Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// A function key.
    F(u8),
}

/// The named keys: the name we print first, then what else is understood (tmux's names among them).
const NAMES: &[(Code, &[&str])] = &[
    (Code::Enter, &["Enter", "Return", "CR"]),
    (Code::Escape, &["Esc", "Escape"]),
    (Code::Tab, &["Tab"]),
    (Code::BackTab, &["S-Tab", "BTab", "BackTab"]),
    (Code::Backspace, &["Backspace", "BSpace", "BS"]),
    (Code::Delete, &["Delete", "DC", "Del"]),
    (Code::Up, &["Up"]),
    (Code::Down, &["Down"]),
    (Code::Left, &["Left"]),
    (Code::Right, &["Right"]),
    (Code::Home, &["Home"]),
    (Code::End, &["End"]),
    (Code::PageUp, &["PageUp", "PgUp", "PPage"]),
    (Code::PageDown, &["PageDown", "PgDn", "NPage"]),
    (Code::Char(' '), &["Space"]),
];

impl Key {
    /// The key without modifiers.
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false, alt: false }
    }

    /// The character `c` without modifiers.
    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    /// Ctrl and the character `c`.
    pub const fn ctrl(c: char) -> Self {
        Self { code: Code::Char(c), ctrl: true, alt: false }
    }
}

impl Key {
    /// The key as tmux is told to press it; a plain character is text, not a key.
    pub fn typed(self) -> Typed {
        let name = match self.code {
            Code::Char(c) if !self.ctrl && !self.alt => return Typed::Text(c.to_string()),
            Code::Char(' ') => "Space".to_owned(),
            Code::Char(c) => c.to_string(),
            Code::Escape => "Escape".to_owned(),
            Code::BackTab => "BTab".to_owned(),
            Code::Backspace => "BSpace".to_owned(),
            Code::Delete => "DC".to_owned(),
            code => Self::plain(code).to_string(),
        };
        let (ctrl, alt) = (if self.ctrl { "C-" } else { "" }, if self.alt { "M-" } else { "" });
        Typed::Key(format!("{ctrl}{alt}{name}"))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("C-")?;
        }
        if self.alt {
            f.write_str("M-")?;
        }
        match self.code {
            Code::F(n) => write!(f, "F{n}"),
            code => match NAMES.iter().find(|(named, _)| *named == code) {
                Some((_, names)) => f.write_str(names[0]),
                None => match code {
                    Code::Char(c) => write!(f, "{c}"),
                    _ => Ok(()),
                },
            },
        }
    }
}

/// Why a key name was refused; completes "the key `x` …".
impl FromStr for Key {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        let mut rest = name;
        if let Some(code) = named("S-Tab").filter(|_| rest.eq_ignore_ascii_case("S-Tab")) {
            return Ok(Self::plain(code));
        }
        while let Some((prefix, tail)) = rest.split_once('-').filter(|(_, tail)| !tail.is_empty()) {
            match prefix.to_ascii_lowercase().as_str() {
                "c" | "ctrl" => ctrl = true,
                "m" | "alt" | "meta" => alt = true,
                "s" | "shift" => shift = true,
                _ => break,
            }
            rest = tail;
        }
        let code = named(rest).or_else(|| function(rest)).or_else(|| single(rest));
        let code =
            code.ok_or("is no key: use one character, C-x, M-x, F1 to F12, or a name such as Enter")?;
        deliverable(code, ctrl, shift)?;
        let code = match code {
            Code::Char(c) if ctrl => Code::Char(c.to_ascii_lowercase()),
            Code::Char(c) if shift => Code::Char(c.to_ascii_uppercase()),
            Code::Tab if shift => Code::BackTab,
            code => code,
        };
        Ok(Self { code, ctrl, alt })
    }
}

fn named(name: &str) -> Option<Code> {
    NAMES.iter().find(|(_, names)| names.iter().any(|n| n.eq_ignore_ascii_case(name))).map(|(code, _)| *code)
}

fn function(name: &str) -> Option<Code> {
    let n: u8 = name.strip_prefix(['F', 'f'])?.parse().ok()?;
    (1..=12).contains(&n).then_some(Code::F(n))
}

fn single(name: &str) -> Option<Code> {
    let mut chars = name.chars();
    let c = chars.next()?;
    (chars.next().is_none() && !c.is_control()).then_some(Code::Char(c))
}

/// Inside tmux the kitty keyboard protocol does not exist: only what has a classic escape sequence arrives.
fn deliverable(code: Code, ctrl: bool, shift: bool) -> Result<(), String> {
    let cannot = |why: &str| Err(format!("never arrives inside tmux ({why}): choose another"));
    match code {
        Code::Char('i' | 'I') if ctrl => cannot("it is Tab"),
        Code::Char('m' | 'M') if ctrl => cannot("it is Enter"),
        Code::Char('[') if ctrl => cannot("it is Escape"),
        Code::Char(c) if ctrl && !(c.is_ascii_alphabetic() || matches!(c, ' ' | '\\' | ']' | '_')) => {
            cannot("a terminal sends Ctrl with letters only")
        }
        Code::Char(c) if shift && !c.is_ascii_alphabetic() => cannot("write the character that Shift gives"),
        Code::Enter | Code::Escape | Code::Tab | Code::Backspace if ctrl => {
            cannot("a terminal sends it without Ctrl")
        }
        Code::Enter | Code::Escape | Code::Backspace if shift => cannot("a terminal sends it without Shift"),
        Code::Char(_) | Code::Tab => Ok(()),
        _ if shift => cannot("bind it without Shift"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in
            ["a", "G", "?", "-", "C-d", "M-x", "Enter", "Esc", "S-Tab", "Space", "F5", "PageDown", "/", ":"]
        {
            let key: Key = name.parse().unwrap();
            assert_eq!(key.to_string(), name);
        }
        assert_eq!("ctrl-D".parse(), Ok(Key::ctrl('d')));
        assert_eq!("NPage".parse(), Ok(Key::plain(Code::PageDown)));
        assert_eq!("S-g".parse(), Ok(Key::char('G')));
        assert_eq!("BTab".parse(), Ok(Key::plain(Code::BackTab)));
    }

    #[test]
    fn tmux_knows_every_key_by_the_name_it_is_typed_with() {
        let key = |name: &str| name.parse::<Key>().unwrap().typed();
        assert_eq!(key("x"), Typed::Text("x".into()));
        assert_eq!(key("Space"), Typed::Text(" ".into()));
        for (name, want) in [
            ("C-c", "C-c"),
            ("M-x", "M-x"),
            ("Enter", "Enter"),
            ("Esc", "Escape"),
            ("Backspace", "BSpace"),
            ("S-Tab", "BTab"),
            ("C-Left", "C-Left"),
            ("M-Enter", "M-Enter"),
            ("F5", "F5"),
            ("PageDown", "PageDown"),
        ] {
            assert_eq!(key(name), Typed::Key(want.into()), "{name}");
        }
    }

    #[test]
    fn keys_that_tmux_cannot_deliver_are_refused_with_the_reason() {
        for (name, why) in
            [("C-i", "Tab"), ("C-m", "Enter"), ("S-Enter", "Shift"), ("C-1", "letters"), ("S-Up", "Shift")]
        {
            let err = name.parse::<Key>().unwrap_err();
            assert!(err.contains(why), "{name}: {err}");
        }
        for name in ["", "foo", "F13", "C-", "\u{7}"] {
            assert!(name.parse::<Key>().is_err(), "{name:?}");
        }
    }
}
