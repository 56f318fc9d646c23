//! Notifications of the desktop: the words that its own program is started with.
//!
//! Never a shell, and nothing in an agent's text is an option, markup or an escape to the program that shows it.

use crate::text::one_line;

/// The program that shows a notification here: part of macOS, of libnotify elsewhere.
pub const PROGRAM: &str = if cfg!(target_os = "macos") { "osascript" } else { "notify-send" };

/// What the monitor's environment must have for a notification to find its desktop, one of these; macOS needs nothing.
pub const DESKTOP: [&str; 3] = ["DBUS_SESSION_BUS_ADDRESS", "WAYLAND_DISPLAY", "DISPLAY"];

/// The words that show it.
pub(super) fn argv(title: &str, body: &str) -> Vec<String> {
    if cfg!(target_os = "macos") { apple(title, body) } else { freedesktop(title, body) }
}

/// The script has its texts as arguments: they are never read as a script.
fn apple(title: &str, body: &str) -> Vec<String> {
    let script =
        ["on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run"];
    let mut words = vec!["osascript".to_owned()];
    words.extend(script.iter().flat_map(|line| ["-e".to_owned(), (*line).to_owned()]));
    words.extend(["--".to_owned(), one_line(title), one_line(body)]);
    words
}

/// `notify-send` reads backslashes in the body, and many desktops markup.
fn freedesktop(title: &str, body: &str) -> Vec<String> {
    let plain = |text: &str| one_line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let body = plain(body).replace('\\', "\\\\");
    ["notify-send", "--app-name=swarm", "--", &one_line(title), &body].map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agents_text_is_neither_option_nor_markup_nor_script() {
        let words = freedesktop("shop/a asks\x1b[2J", "--hint=x <b>\\n & \x07done</b>");
        assert_eq!(words[3..], ["shop/a asks[2J", "--hint=x &lt;b&gt;\\\\n &amp; done&lt;/b&gt;"]);
        assert_eq!(words[2], "--");
        let words = apple("t", "\" & (do shell script \"x\") & \"");
        assert_eq!(words.iter().filter(|w| w.contains("do shell script")).count(), 1);
        assert_eq!(words.last().map(String::as_str), Some("\" & (do shell script \"x\") & \""));
    }
}
