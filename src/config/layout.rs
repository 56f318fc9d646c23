//! How agents are spread over windows and panes.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the windows of a swarm are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Layout {
    /// How panes are arranged in each window.
    pub windows: Arrangement,
    /// How many agents without a `window` of their own share one window; at least 1.
    pub panes_per_window: u16,
}

impl Default for Layout {
    fn default() -> Self {
        Self { windows: Arrangement::Tiled, panes_per_window: 4 }
    }
}

/// An arrangement of panes in a window, in tmux's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum Arrangement {
    /// tmux's `tiled`.
    Tiled,
    /// tmux's `even-horizontal`: side by side.
    EvenHorizontal,
    /// tmux's `even-vertical`: one above the other.
    EvenVertical,
    /// tmux's `main-horizontal`: a large pane on top.
    MainHorizontal,
    /// tmux's `main-vertical`: a large pane on the left.
    MainVertical,
    /// One window for each agent.
    PerAgent,
    /// A literal layout string as `tmux list-windows` prints it, checksum verified.
    Literal(String),
}

impl Arrangement {
    /// The arrangements that have a name, in the order they are listed to people.
    pub const NAMED: [Self; 6] = [
        Self::Tiled,
        Self::EvenHorizontal,
        Self::EvenVertical,
        Self::MainHorizontal,
        Self::MainVertical,
        Self::PerAgent,
    ];

    /// The word of the swarm file, or the layout string itself.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Tiled => "tiled",
            Self::EvenHorizontal => "even-horizontal",
            Self::EvenVertical => "even-vertical",
            Self::MainHorizontal => "main-horizontal",
            Self::MainVertical => "main-vertical",
            Self::PerAgent => "per-agent",
            Self::Literal(layout) => layout,
        }
    }

    /// What `select-layout` takes; `None` where each window has one pane.
    pub fn select_layout(&self) -> Option<&str> {
        (*self != Self::PerAgent).then(|| self.as_str())
    }

    /// How many panes a literal layout string has; `None` for the named ones.
    pub fn literal_panes(&self) -> Option<usize> {
        match self {
            Self::Literal(layout) => count_panes(layout.get(5..)?),
            _ => None,
        }
    }
}

impl std::str::FromStr for Arrangement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(named) = Self::NAMED.into_iter().find(|a| a.as_str() == text) {
            return Ok(named);
        }
        check_literal(text).map(|()| Self::Literal(text.to_owned()))
    }
}

impl TryFrom<String> for Arrangement {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Arrangement> for String {
    fn from(arrangement: Arrangement) -> Self {
        arrangement.as_str().to_owned()
    }
}

impl fmt::Display for Arrangement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether `text` is a layout string that tmux would take: `abcd,200x50,0,0{…}` with a right checksum.
fn check_literal(text: &str) -> Result<(), String> {
    let unknown = || format!("`{}` is no layout", text.escape_default());
    let (sum, cells) = text.split_once(',').ok_or_else(unknown)?;
    let sum = u16::from_str_radix(sum, 16).ok().filter(|_| sum.len() == 4).ok_or_else(unknown)?;
    if checksum(cells) != sum {
        return Err(format!(
            "the checksum of this layout string is {sum:04x}, but its cells give {:04x}: tmux would refuse it",
            checksum(cells)
        ));
    }
    count_panes(cells).map(|_| ()).ok_or_else(|| "the brackets of this layout string do not match".to_owned())
}

/// The number of panes; `None` when brackets do not match or a cell is malformed.
fn count_panes(cells: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut splits = 0;
    for byte in cells.bytes() {
        match byte {
            b'{' | b'[' => {
                open.push(byte);
                splits += 1;
            }
            b'}' => (open.pop()? == b'{').then_some(())?,
            b']' => (open.pop()? == b'[').then_some(())?,
            b'0'..=b'9' | b'x' | b',' => {}
            _ => return None,
        }
    }
    // Every cell has one `x` in its size; a split cell is no pane.
    let panes = cells.matches('x').count().checked_sub(splits)?;
    (open.is_empty() && panes > 0 && cells.starts_with(|c: char| c.is_ascii_digit())).then_some(panes)
}

/// tmux's own layout checksum (layout-custom.c, `layout_checksum`).
fn checksum(cells: &str) -> u16 {
    cells.bytes().fold(0_u16, |sum, byte| sum.rotate_right(1).wrapping_add(u16::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_and_layout_strings_are_told_apart() {
        for named in Arrangement::NAMED {
            assert_eq!(named.as_str().parse(), Ok(named.clone()));
        }
        // Printed by tmux 3.3a for two panes side by side.
        let two: Arrangement = "8205,80x24,0,0{40x24,0,0,0,39x24,41,0,1}".parse().unwrap();
        assert_eq!(two.literal_panes(), Some(2));
        let three = "d67e,80x24,0,0{40x24,0,0,0,39x24,41,0[39x12,41,0,1,39x11,41,13,2]}";
        assert_eq!(three.parse::<Arrangement>().unwrap().literal_panes(), Some(3));
        assert!("0000,80x24,0,0{40x24,0,0,0,39x24,41,0,1}".parse::<Arrangement>().is_err());
        assert!("tilde".parse::<Arrangement>().is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".*", cells in "[0-9x,{}\\[\\]]*") {
            let _ = text.parse::<Arrangement>();
            let _ = format!("{:04x},{cells}", checksum(&cells)).parse::<Arrangement>();
        }
    }
}
