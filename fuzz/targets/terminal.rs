//! A pane's byte stream: state sequences and titles are found the same wherever the stream is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use swarm::observe::osc::Scanner;

fuzz_target!(|data: &[u8]| {
    let [cut, bytes @ ..] = data else { return };
    let whole = Scanner::default().scan(bytes);
    let (a, b) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    let mut scanner = Scanner::default();
    let mut pieces = scanner.scan(a);
    pieces.extend(scanner.scan(b));
    assert_eq!(whole, pieces);
});
