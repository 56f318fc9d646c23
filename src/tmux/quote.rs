//! Three spellings of an argument: for the control-mode pipe, for argv, and inside a format.
//!
//! Each is exact: what goes in is what the command receives, byte for byte (property-tested through a real tmux). A NUL
//! byte cannot be carried by tmux at all and is left out.

/// `word` as one argument of a control-mode line or of a nested command.
///
/// Always inside double quotes. There tmux reads `\`, `"` and `$`, and a `~` at the start even inside the quotes;
/// control characters would end the line or be lost.
pub fn line_word(word: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in word.bytes() {
        match byte {
            0 => {}
            b'\\' | b'"' | b'$' | b'~' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0x01..=0x1f | 0x7f => {
                out.extend([b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// `word` as one argument of a `tmux …` process: tmux takes a `;` at the end of an argument for a command separator.
pub fn argv_word(word: &str) -> String {
    match word.strip_suffix(';') {
        Some(head) => format!("{head}\\;"),
        None => word.to_owned(),
    }
}

/// `text` where tmux expands formats (start directories, names, titles, file names) but the text is meant literally.
///
/// `#` is doubled, except before `[`, where tmux leaves every `#` as it is.
pub fn format_literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('#') {
        out.push_str(&rest[..at]);
        let after = rest[at..].trim_start_matches('#');
        let run = rest.len() - at - after.len();
        let times = if after.starts_with('[') { run } else { run * 2 };
        out.extend(std::iter::repeat_n('#', times));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(word: &str) -> String {
        let mut out = Vec::new();
        line_word(word, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_pipe_needs_quotes_and_escapes() {
        assert_eq!(line("a b;"), r#""a b;""#);
        assert_eq!(line(r#"~/x "$HOME" \n"#), r#""\~/x \"\$HOME\" \\n""#);
        assert_eq!(line("\x01\x1b[31m\u{7f}é\n\0"), r#""\001\033[31m\177é\n""#);
        assert_eq!(line(""), r#""""#);
    }

    #[test]
    fn a_final_semicolon_is_escaped_for_argv_only_there() {
        assert_eq!(argv_word("a;b;"), "a;b\\;");
        assert_eq!(argv_word(";"), "\\;");
        assert_eq!(argv_word("plain"), "plain");
    }

    #[test]
    fn formats_take_text_literally() {
        assert_eq!(format_literal("/a#{b}/#(c)"), "/a##{b}/##(c)");
        assert_eq!(format_literal("##x#[y]#"), "####x#[y]##");
    }
}
