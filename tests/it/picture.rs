//! The pictures in the README: real overviews in real tmux panes, turned into SVG.
//!
//! `SWARM_UPDATE_ASSETS=1` writes them anew. Clocks and processes differ from run to run, so they are not compared; what
//! is checked is that the same way still gives pictures of the same things.

use std::fmt::Write as _;

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;

use swarm::tmux::PaneId;

use crate::readme::Stage;

/// The size of one cell, in SVG units: common for a 14 px monospace font.
const CELL: (f32, f32) = (8.4, 17.0);
/// xterm's palette in calmer shades, 0–15.
const PALETTE: [&str; 16] = [
    "#24283b", "#f7768e", "#9ece6a", "#e0af68", "#7aa2f7", "#bb9af7", "#7dcfff", "#c0caf5", "#6b7394",
    "#ff8fa3", "#b4e080", "#f0c987", "#96b6ff", "#cbb3ff", "#9fdcff", "#e6ebff",
];
const FOREGROUND: &str = "#c0caf5";
const BACKGROUND: &str = "#16161e";

/// A screen, captured with its escapes, as SVG.
fn svg(lines: &[Line<'_>], columns: u16, rows: u16) -> String {
    let (width, height) = (f32::from(columns) * CELL.0, f32::from(rows) * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0} {:.0}\" font-family=\"ui-monospace, \
         'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{BACKGROUND}\"/>\n<g transform=\"translate(10 10)\" \
         xml:space=\"preserve\">\n",
        width + 20.0,
        height + 20.0
    );
    for (row, line) in lines.iter().enumerate() {
        let mut column = 0;
        for span in &line.spans {
            let cells = span.width();
            let (x, y) = (column as f32 * CELL.0, row as f32 * CELL.1);
            let (fg, bg) = colours(line.style.patch(span.style));
            let long = cells as f32 * CELL.0;
            if let Some(bg) = bg {
                let _ = writeln!(
                    out,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{long:.1}\" height=\"{}\" fill=\"{bg}\"/>",
                    CELL.1
                );
            }
            // Blanks at the ends are left out: renderers differ in whether they keep them.
            let text = span.content.trim();
            if !text.is_empty() {
                let before =
                    Line::raw(span.content.split_once(text).map_or("", |(before, _)| before)).width();
                let (x, long) = (x + before as f32 * CELL.0, Line::raw(text).width() as f32 * CELL.0);
                let style = span.style.add_modifier;
                let bold = if style.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
                let dim = if style.contains(Modifier::DIM) { " opacity=\"0.6\"" } else { "" };
                let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let _ = writeln!(
                    out,
                    "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{long:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
                     fill=\"{fg}\"{bold}{dim}>{text}</text>",
                    y + 13.0
                );
            }
            column += cells;
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn colours(style: Style) -> (String, Option<String>) {
    let (fg, bg) = (style.fg.and_then(hex), style.bg.and_then(hex));
    if style.add_modifier.contains(Modifier::REVERSED) {
        return (bg.unwrap_or_else(|| BACKGROUND.into()), Some(fg.unwrap_or_else(|| FOREGROUND.into())));
    }
    (fg.unwrap_or_else(|| FOREGROUND.into()), bg)
}

fn hex(color: Color) -> Option<String> {
    let named = |n: usize| Some(PALETTE[n].to_owned());
    match color {
        Color::Reset => None,
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => named(8),
        Color::LightRed => named(9),
        Color::LightGreen => named(10),
        Color::LightYellow => named(11),
        Color::LightBlue => named(12),
        Color::LightMagenta => named(13),
        Color::LightCyan => named(14),
        Color::White => named(15),
        Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Indexed(n @ 0..16) => named(n.into()),
        Color::Indexed(n @ 16..232) => {
            let level = |v: u8| if v == 0 { 0 } else { 55 + 40 * v };
            let n = n - 16;
            Some(format!("#{:02x}{:02x}{:02x}", level(n / 36), level(n / 6 % 6), level(n % 6)))
        }
        Color::Indexed(n) => {
            let v = 8 + 10 * (n - 232);
            Some(format!("#{v:02x}{v:02x}{v:02x}"))
        }
    }
}

/// The simulated agent stands in for the CLI, so the picture costs nobody anything.
const TEAM: &str = r#"
name = "shop"
[defaults]
profile = "claude"
[layout]
panes_per_window = 2
[[agents]]
name = "backend"
role = "coder"
domain = "api"
prompt = "SIM:bash"
[[agents]]
name = "frontend"
role = "coder"
domain = "web"
prompt = "SIM:long"
[[agents]]
name = "planner"
role = "planner"
domain = "plan"
prompt = "SIM:slow"
[[agents]]
name = "reviewer"
role = "reviewer"
domain = "review"
prompt = "SIM:hello"
[[agents]]
name = "docs"
role = "writer"
domain = "docs"
prompt = "SIM:e529"
[[agents]]
name = "tests"
role = "tester"
profile = "shell"
command = ["sh", "-c", "echo 212 passed; exec cat"]
"#;

/// What they may spend, and what they are told in a few words.
const LIMITS: &str = r#"
[budget]
usd_per_day = "5.00"
[templates]
review = "{agent}, review the last commit as a {role}."
"#;

/// A team at work, each agent in a status of its own.
async fn team(more: &str) -> Stage {
    let stage = Stage::new().await;
    for domain in ["api", "web", "plan", "review", "docs"] {
        std::fs::create_dir(stage.team.project().join(domain)).unwrap();
    }
    stage.team.write(&format!("{TEAM}{more}"));
    stage.sh("swarm up --trust --detach").await;
    for (agent, status) in [
        ("backend", "waiting"),
        ("frontend", "working"),
        ("planner", "working"),
        ("reviewer", "idle"),
        ("docs", "error"),
        ("tests", "working"),
    ] {
        stage.sh(&format!("swarm wait {agent} --until {status} --timeout 30")).await;
    }
    stage
}

/// Makes a picture of a captured screen, which must hold these texts.
fn picture(stage: &Stage, name: &str, screen: &str, (columns, rows): (u16, u16), texts: &[&str]) {
    let picture = svg(&swarm::tui::ansi::parse(screen.as_bytes(), true), columns, rows);
    // Long paths of a temporary directory are nobody's business.
    let home = stage.team.project().parent().unwrap().display().to_string();
    let picture = picture.replace(&format!("{home}/project"), "~/shop");
    for text in texts {
        assert!(picture.contains(text), "no {text} in the picture {name}");
    }
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("man/img").join(format!("{name}.svg"));
    if std::env::var_os("SWARM_UPDATE_ASSETS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &picture).unwrap();
    }
    assert!(
        file.is_file(),
        "{} is missing: SWARM_UPDATE_ASSETS=1 cargo test --test it picture::",
        file.display()
    );
}

async fn capture(stage: &Stage, pane: PaneId) -> String {
    stage.team.server.tmux(&["capture-pane", "-p", "-e", "-N", "-t", &pane.to_string()]).await
}

#[tokio::test]
async fn the_overview_is_drawn_from_a_real_screen() {
    let stage = team("").await;
    let pane = stage.show("swarm", (120, 40)).await;
    for text in ["waiting permission", "Do you want to proceed?", "shop  6 agents", "? help"] {
        stage.team.server.wait_for_text(pane, text).await;
    }
    let screen = capture(&stage, pane).await;
    picture(&stage, "overview", &screen, (120, 40), &["backend", "permission", "❯", "<rect"]);
}

#[tokio::test]
async fn the_panels_are_drawn_from_real_screens() {
    const SIZE: (u16, u16) = (96, 26);
    let stage = team(LIMITS).await;
    stage.sh("swarm send planner 'Plan the next release.'").await;
    stage.sh("swarm send reviewer 'Read the last commit.' --wait").await;
    stage.sh("swarm handoff --to backend --subject 'Orders API: the tests are red' --body 'Start with the last one.'").await;
    let pane = stage.show("swarm", SIZE).await;
    let press = async |key: &str, sees: &[&str]| {
        stage.team.server.tmux(&["send-keys", "-t", &pane.to_string(), key]).await;
        for text in sees {
            stage.team.server.wait_for_text(pane, text).await;
        }
        capture(&stage, pane).await
    };
    stage.team.server.wait_for_text(pane, "Do you want to proceed?").await;
    let screen = press("a", &["Approve", "y approve"]).await;
    picture(&stage, "approve", &screen, SIZE, &["backend", "Approve", "approve"]);
    press("n", &["? help"]).await;
    press("M", &["handoffs and messages of backend"]).await;
    let screen = press("a", &["Orders API", "only backend's", "read"]).await;
    picture(&stage, "handoffs", &screen, SIZE, &["Orders API", "receipt"]);
    press("Escape", &["? help"]).await;
    let screen = press("C", &["costs today", "swarm per day"]).await;
    picture(&stage, "costs", &screen, SIZE, &["costs today", "BUDGET", "reviewer"]);
}

#[tokio::test]
async fn the_popup_is_drawn_from_a_real_screen() {
    const SIZE: (u16, u16) = (110, 32);
    let stage = team("").await;
    let server = &stage.team.server;
    if !server.at_least(3, 3).await {
        return;
    }
    let agent = stage.team.agent("frontend").await;
    let shop = server.panes().await.into_iter().find(|p| Some(p.pane.to_string()) == agent.pane).unwrap();
    server.tmux(&["select-window", "-t", agent.window.as_deref().unwrap()]).await;
    let person = server.person(shop.session).await;
    let (columns, rows) = (SIZE.0.to_string(), SIZE.1.to_string());
    let terminal = server.dir().join("terminal");
    let outer = async |words: &[&str]| {
        let mut tmux = tokio::process::Command::new(crate::harness::program());
        tmux.env_remove("TMUX").arg("-S").arg(&terminal).args(words);
        String::from_utf8(tmux.output().await.unwrap().stdout).unwrap()
    };
    outer(&["resize-window", "-t", "terminal:", "-x", &columns, "-y", &rows]).await;
    let resized = async || server.tmux(&["list-clients", "-F", "#{client_width}"]).await.contains(&columns);
    server.wait_until("the terminal has its size", resized).await;
    let mut popup = tokio::process::Command::new(crate::harness::program());
    popup.env_remove("TMUX").arg("-S").arg(server.socket()).args(["display-popup", "-c", &person.name]);
    popup.args(["-E", "-w", "90%", "-h", "80%"]).args(stage.words("swarm"));
    let mut popup = popup.kill_on_drop(true).spawn().unwrap();
    let mut screen = String::new();
    let shown = async || {
        screen = outer(&["capture-pane", "-p", "-e", "-N", "-t", "terminal:"]).await;
        screen.contains("6 agents") && screen.contains("Do you want to proceed?")
    };
    server.wait_until("the popup shows the overview", shown).await;
    picture(&stage, "popup", &screen, SIZE, &["backend", "permission"]);
    outer(&["send-keys", "-t", "terminal:", "q"]).await;
    popup.wait().await.unwrap();
}
