//! Control-mode framing: whatever tmux, or what passes for it, sends; the cuts between two reads change nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use swarm::tmux::notification::Parser;

fuzz_target!(|data: &[u8]| {
    let [cut, bytes @ ..] = data else { return };
    let whole: Vec<_> = Parser::new().push(bytes).collect();
    let (a, b) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    let mut parser = Parser::new();
    let mut pieces: Vec<_> = parser.push(a).collect();
    pieces.extend(parser.push(b));
    assert_eq!(whole, pieces);
});
