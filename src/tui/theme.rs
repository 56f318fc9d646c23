//! Colours and icons: `config/theme.toml`, with the user's file laid over it. The only place that knows a colour.
//!
//! Without colour ([`Theme::without_color`]) everything stays readable: statuses differ by shape and word, the
//! selection is reversed.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use toml::Spanned;

use super::keymap::place;
use crate::error::{Error, Kind, Result};
use crate::status::Status;

/// The themes compiled in.
pub const DEFAULT: &str = include_str!("../../config/theme.toml");

/// What a style is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// What matters less.
    Dim,
    /// Names of parts of the screen.
    Title,
    /// Column headings.
    Head,
    /// The name of the selected agent.
    Selected,
    /// The rest of the selected row.
    Row,
    /// The mark of a marked agent.
    Mark,
    /// Characters that the filter found.
    Match,
    /// One of the statuses.
    Status(Status),
    /// A number that is fine.
    Good,
    /// A number to look at.
    Warn,
    /// A number or sentence that is not fine.
    Bad,
    /// Lines between parts.
    Rule,
    /// The line above the part that has the keyboard.
    Focus,
    /// The name of a key.
    Key,
    /// What says that keys go into an agent's pane.
    Live,
}

/// Names in the file, in the order of [`Role::index`].
const ROLES: [&str; 23] = [
    "text", "dim", "title", "head", "selected", "row", "mark", "match", "good", "warn", "bad", "rule",
    "focus", "key", "starting", "idle", "working", "waiting", "limited", "error", "exited", "unknown",
    "live",
];

impl Role {
    const fn index(self) -> usize {
        match self {
            Self::Text => 0,
            Self::Dim => 1,
            Self::Title => 2,
            Self::Head => 3,
            Self::Selected => 4,
            Self::Row => 5,
            Self::Mark => 6,
            Self::Match => 7,
            Self::Good => 8,
            Self::Warn => 9,
            Self::Bad => 10,
            Self::Rule => 11,
            Self::Focus => 12,
            Self::Key => 13,
            Self::Status(status) => 14 + status as usize,
            Self::Live => 22,
        }
    }
}

/// Characters that stand for something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Icons {
    /// One per status, in the order of [`Status::ALL`].
    pub statuses: [String; 8],
    /// Left of the selected agent.
    pub selected: String,
    /// Left of a marked agent.
    pub mark: String,
    /// A used part of a bar.
    pub full: String,
    /// An unused part of a bar.
    pub empty: String,
    /// A horizontal line.
    pub rule: String,
    /// A vertical line.
    pub side: String,
    /// What nobody knows.
    pub unknown: String,
    /// What was cut.
    pub more: String,
    /// Between two facts.
    pub dot: String,
    /// A small chart, from low to high.
    pub spark: [String; 8],
}

impl Icons {
    /// The icon of `status`.
    pub fn status(&self, status: Status) -> &str {
        &self.statuses[status as usize]
    }
}

/// Colours and icons in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    styles: [Style; ROLES.len()],
    /// The icons in force.
    pub icons: Icons,
    /// Whether colour is allowed; also decides about the preview's.
    pub color: bool,
}

impl Default for Theme {
    fn default() -> Self {
        match Themes::default().theme("default", "unicode") {
            Ok(theme) => theme,
            Err(err) => unreachable!("the themes that are compiled in are checked by a test: {err}"),
        }
    }
}

impl Theme {
    /// The style for `role`.
    pub const fn style(&self, role: Role) -> Style {
        self.styles[role.index()]
    }

    /// The same theme for `NO_COLOR`: weights and shapes stay, colours go; what had a ground of its own is reversed.
    #[must_use]
    pub fn without_color(mut self) -> Self {
        for style in &mut self.styles {
            let ground = style.bg.is_some();
            *style = Style { fg: None, bg: None, underline_color: None, ..*style };
            if ground {
                *style = style.add_modifier(Modifier::REVERSED);
            }
        }
        self.color = false;
        self
    }
}

/// Every theme and icon set that can be chosen.
#[derive(Debug, Clone)]
pub struct Themes {
    themes: BTreeMap<String, [Style; ROLES.len()]>,
    icons: BTreeMap<String, Icons>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThemeFile {
    #[serde(default)]
    themes: BTreeMap<String, BTreeMap<Spanned<String>, Spanned<toml::Value>>>,
    #[serde(default)]
    icons: BTreeMap<String, Icons>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file")]
struct StyleSpec {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    bold: bool,
    #[serde(default)]
    dim: bool,
    #[serde(default)]
    italic: bool,
    #[serde(default)]
    underlined: bool,
    #[serde(default)]
    reversed: bool,
}

impl Default for Themes {
    fn default() -> Self {
        let mut themes = Self { themes: BTreeMap::new(), icons: BTreeMap::new() };
        if let Err(err) = themes.overlay("config/theme.toml", DEFAULT) {
            unreachable!("the themes that are compiled in are checked by a test: {err}");
        }
        themes
    }
}

impl Themes {
    /// Lays the file `name` with this text over the themes so far.
    pub fn overlay(&mut self, name: &str, text: &str) -> Result<()> {
        let wrong =
            |at: usize, what: String| Error::new(Kind::Config, format!("{}: {what}", place(name, text, at)));
        let file: ThemeFile = toml::from_str(text)
            .map_err(|e| wrong(e.span().map_or(0, |s| s.start), e.message().to_owned()))?;
        for (theme, roles) in file.themes {
            let mut styles = match roles.iter().find(|(role, _)| role.as_ref() == "base") {
                Some((_, base)) => {
                    let base_name = base.as_ref().as_str().unwrap_or_default();
                    *self.themes.get(base_name).ok_or_else(|| {
                        wrong(
                            base.span().start,
                            format!("no theme `{}` to start from", base_name.escape_default()),
                        )
                        .hint(format!("the themes are {}", self.names()))
                    })?
                }
                None => self
                    .themes
                    .get(&theme)
                    .or_else(|| self.themes.get("default"))
                    .copied()
                    .unwrap_or_default(),
            };
            for (role, spec) in roles.iter().filter(|(role, _)| role.as_ref() != "base") {
                let index = ROLES.iter().position(|r| r == role.as_ref()).ok_or_else(|| {
                    wrong(
                        role.span().start,
                        format!("nothing is called `{}`", role.as_ref().escape_default()),
                    )
                    .hint(format!("what has a style: {}", ROLES.join(", ")))
                })?;
                styles[index] = style(spec.as_ref()).map_err(|what| wrong(spec.span().start, what))?;
            }
            self.themes.insert(theme, styles);
        }
        self.icons.extend(file.icons);
        Ok(())
    }

    /// The theme and the icon set of these names.
    pub fn theme(&self, theme: &str, icons: &str) -> Result<Theme> {
        let styles = self.themes.get(theme).copied().ok_or_else(|| {
            Error::new(Kind::Config, format!("no theme `{}`", theme.escape_default()))
                .hint(format!("the themes are {}", self.names()))
        })?;
        let icons = self.icons.get(icons).cloned().ok_or_else(|| {
            let names: Vec<_> = self.icons.keys().map(String::as_str).collect();
            Error::new(Kind::Config, format!("no icons `{}`", icons.escape_default()))
                .hint(format!("the icon sets are {}", names.join(", ")))
        })?;
        Ok(Theme { styles, icons, color: true })
    }

    fn names(&self) -> String {
        self.themes.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

fn style(value: &toml::Value) -> Result<Style, String> {
    let spec: StyleSpec = value.clone().try_into().map_err(|e: toml::de::Error| e.message().to_owned())?;
    let color = |name: Option<&str>| match name {
        None => Ok(None),
        Some(name) => name.parse::<Color>().map(Some).map_err(|_| {
            format!("`{}` is no colour: use a name, 0 to 255, or #rrggbb", name.escape_default())
        }),
    };
    let mut style =
        Style { fg: color(spec.fg.as_deref())?, bg: color(spec.bg.as_deref())?, ..Style::default() };
    for (set, modifier) in [
        (spec.bold, Modifier::BOLD),
        (spec.dim, Modifier::DIM),
        (spec.italic, Modifier::ITALIC),
        (spec.underlined, Modifier::UNDERLINED),
        (spec.reversed, Modifier::REVERSED),
    ] {
        if set {
            style = style.add_modifier(modifier);
        }
    }
    Ok(style)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn every_theme_and_icon_set_is_complete() {
        let themes = Themes::default();
        for theme in ["default", "night", "day"] {
            assert!(themes.theme(theme, "unicode").is_ok());
        }
        for (name, icons) in &themes.icons {
            let all = icons.statuses.iter().chain(&icons.spark).chain([
                &icons.selected,
                &icons.mark,
                &icons.full,
                &icons.empty,
                &icons.rule,
                &icons.side,
                &icons.unknown,
                &icons.more,
                &icons.dot,
            ]);
            for icon in all {
                assert_eq!(icon.width(), 1, "{name}: {icon:?}");
            }
            let mut shapes = icons.statuses.to_vec();
            shapes.sort();
            shapes.dedup();
            assert_eq!(shapes.len(), 8, "{name}: a status must be told by its shape alone");
        }
        assert!(themes.icons["ascii"].statuses.iter().all(|icon| icon.is_ascii()));
        assert_eq!(ROLES[Role::Key.index()], "key");
        assert_eq!(ROLES[Role::Live.index()], "live");
        for status in Status::ALL {
            assert_eq!(ROLES[Role::Status(status).index()], status.as_str());
        }
    }

    #[test]
    fn a_user_theme_starts_from_another() {
        let mut themes = Themes::default();
        themes
            .overlay("t.toml", "[themes.mine]\nbase = \"night\"\nwaiting = { fg = \"#ff0000\" }\n")
            .unwrap();
        let mine = themes.theme("mine", "ascii").unwrap();
        let night = themes.theme("night", "ascii").unwrap();
        assert_eq!(mine.style(Role::Status(Status::Waiting)).fg, Some(Color::Rgb(255, 0, 0)));
        assert_eq!(mine.style(Role::Dim), night.style(Role::Dim));
    }

    #[test]
    fn without_colour_nothing_has_a_colour_and_the_selection_is_reversed() {
        let theme = Themes::default().theme("night", "unicode").unwrap().without_color();
        assert!(theme.styles.iter().all(|s| s.fg.is_none() && s.bg.is_none()));
        assert!(theme.style(Role::Selected).add_modifier.contains(Modifier::REVERSED));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, says) in [
            ("[themes.a]\nwating = {}\n", "t.toml:2:1: nothing is called `wating`"),
            ("[themes.a]\nwaiting = { fg = \"rot\" }\n", "t.toml:2:11: `rot` is no colour"),
            ("[themes.a]\nwaiting = { colour = \"red\" }\n", "t.toml:2:11: unknown field `colour`"),
            ("[themes.a]\nbase = \"x\"\n", "t.toml:2:8: no theme `x`"),
            ("[theme.a]\n", "t.toml:1:2: unknown field `theme`"),
        ] {
            let err = Themes::default().overlay("t.toml", text).unwrap_err();
            assert!(err.to_string().contains(says), "{err}");
        }
        assert!(Themes::default().theme("x", "unicode").is_err());
        assert!(Themes::default().theme("default", "x").is_err());
    }
}
