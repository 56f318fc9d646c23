//! Recorded streams (`tests/data/control`, tmux 3.3a), made-up ones, and any bytes at all.

use proptest::prelude::*;

use super::*;

const RECORDED: [(&str, &[u8]); 4] = [
    ("blocks", include_bytes!("../../../tests/data/control/blocks.txt")),
    ("events", include_bytes!("../../../tests/data/control/events.txt")),
    ("output", include_bytes!("../../../tests/data/control/output.txt")),
    ("pause", include_bytes!("../../../tests/data/control/pause.txt")),
];

fn items(bytes: &[u8]) -> Vec<Item> {
    Parser::new().push(bytes).collect()
}

fn only(line: &str) -> Notification {
    match items(format!("{line}\n").as_bytes()).as_slice() {
        [Item::Notification(notification)] => notification.clone(),
        other => panic!("{line}: {other:?}"),
    }
}

fn shown(item: &Item) -> String {
    match item {
        Item::Reply(block) => {
            let end = if block.error { "error" } else { "end" };
            format!(
                "{end} {} {:?}",
                if block.is_ours() { "ours" } else { "theirs" },
                block.body.escape_ascii().to_string()
            )
        }
        Item::Notification(Notification::Output { pane, data }) => {
            format!("Output {pane} {}", data.escape_ascii())
        }
        Item::Notification(other) => format!("{other:?}"),
    }
}

#[test]
fn recorded_streams_read_as_what_happened() {
    for (name, bytes) in RECORDED {
        let read: Vec<String> = items(bytes).iter().map(shown).collect();
        insta::assert_snapshot!(name, read.join("\n"));
    }
}

#[test]
fn data_in_a_block_is_data_whatever_it_looks_like() {
    let stream =
        b"%begin 5 7 1\n%end 5 7 0\n%output %1 x\n%begin 5 8 1\n%end 5 8 1\n\n%exit\n%error 5 7 1\n%exit\n";
    let read = items(stream);
    assert_eq!(read.len(), 2);
    let Item::Reply(block) = &read[0] else { panic!("{read:?}") };
    assert!(block.error && block.is_ours() && block.number == 7);
    assert_eq!(block.lines().count(), 6);
    assert_eq!(read[1], Item::Notification(Notification::Exit { reason: String::new() }));
}

#[test]
fn a_block_keeps_empty_lines_and_knows_none_from_one() {
    let read = items(b"%begin 1 1 1\n%end 1 1 1\n%begin 1 2 1\n\n%end 1 2 1\n");
    let counts: Vec<usize> = read
        .iter()
        .map(|item| if let Item::Reply(block) = item { block.lines().count() } else { 99 })
        .collect();
    assert_eq!(counts, [0, 1]);
}

#[test]
fn notifications_of_newer_and_older_versions() {
    let other = |line: &str| Notification::Other(line.as_bytes().to_vec());
    for line in
        ["%paste-buffer-changed buffer0", "%message hi", "%config-error x", "%output x y", "noise", "%pause"]
    {
        assert_eq!(only(line), other(line));
    }
    let data =
        |line| if let Notification::Output { data, .. } = only(line) { data } else { panic!("{line}") };
    assert_eq!(data("%extended-output %1 12 new words : a : b"), b"a : b");
    assert_eq!(data("%output %1 "), b"");
    assert_eq!(data("%output %1"), b"");
    assert_eq!(data(r"%output %1 \033[1m\134n \777 \12 \"), b"\x1b[1m\\n \\777 \\12 \\");
    assert_eq!(only("%exit too far behind"), Notification::Exit { reason: "too far behind".to_owned() });
    assert_eq!(only("%client-detached /dev/pts/3"), Notification::ClientDetached("/dev/pts/3".to_owned()));
    let changed =
        Notification::ClientSessionChanged { client: "/dev/pts/1".to_owned(), session: SessionId(2) };
    assert_eq!(only("%client-session-changed /dev/pts/1 $2 name with blanks"), changed);
}

#[test]
fn memory_is_bounded() {
    let mut parser = Parser::new();
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..20 {
        assert_eq!(parser.push(&chunk).count(), 0);
    }
    assert_eq!(parser.partial.len(), LINE_MAX);
    let read: Vec<Item> = parser.push(b"\n%sessions-changed\n").collect();
    assert_eq!(read.len(), 2);
    assert_eq!(read[1], Item::Notification(Notification::SessionsChanged));
    let mut line = chunk;
    line.push(b'\n');
    parser.push(b"%begin 1 1 1\n");
    for _ in 0..40 {
        parser.push(&line);
    }
    let Some(Item::Reply(block)) = parser.push(b"%end 1 1 1\n").next() else { panic!("no block") };
    assert!(block.truncated && block.body.len() <= REPLY_MAX);
}

/// Lines that look like the protocol, so that the interesting paths are met.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let number = 0u8..3;
    let line = prop_oneof![
        (number.clone(), 0u8..2).prop_map(|(n, f)| format!("%begin 1 {n} {f}\n").into_bytes()),
        (number.clone(), 0u8..2).prop_map(|(n, f)| format!("%end 1 {n} {f}\n").into_bytes()),
        number.prop_map(|n| format!("%error 1 {n} 1\n").into_bytes()),
        "%(output|extended-output|pause|window-add|subscription-changed|exit) [%@$:0-9a \\\\-]{0,20}\n"
            .prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..40),
        Just(b"\n".to_vec()),
    ];
    proptest::collection::vec(line, 0..40).prop_map(|lines| lines.concat())
}

proptest! {
    #[test]
    fn any_way_of_cutting_gives_the_same_items(bytes in stream(), cuts in proptest::collection::vec(1usize..50, 1..20)) {
        let whole = items(&bytes);
        let mut parser = Parser::new();
        let mut parts = Vec::new();
        let mut rest = bytes.as_slice();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (head, tail) = rest.split_at((*cut).min(rest.len()));
            parts.extend(parser.push(head));
            rest = tail;
        }
        prop_assert_eq!(whole, parts);
    }

    #[test]
    fn output_comes_back_byte_for_byte(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut line = b"%output %7 ".to_vec();
        for &byte in &data {
            if byte < b' ' || byte == b'\\' {
                line.extend(format!("\\{byte:03o}").bytes());
            } else {
                line.push(byte);
            }
        }
        line.push(b'\n');
        let expected = Item::Notification(Notification::Output { pane: PaneId(7), data });
        prop_assert_eq!(items(&line), [expected]);
    }
}
