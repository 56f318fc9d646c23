//! Hook payloads and statusline payloads of every profile; what they leave behind is weighed.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use swarm::agent::Profiles;
use swarm::observe::evidence::{Board, ProcessFact};
use swarm::observe::fuse::{FusionPolicy, fuse};
use swarm::observe::hook::HookEvent;
use swarm::observe::statusline::Statusline;
use swarm::status::Verdict;

fuzz_target!(|data: &[u8]| {
    let (at, process) = (Timestamp::UNIX_EPOCH, ProcessFact::alive(1));
    let _ = Statusline::parse(&serde_json::from_slice(data).unwrap_or_default());
    let mut board = Board::default();
    for profile in Profiles::builtin().iter() {
        for line in data.split(|b| *b == b'\n') {
            let Ok(payload) = serde_json::from_slice(line) else { continue };
            HookEvent::parse(&profile.data().name, None, &payload, at).book(&mut board);
        }
    }
    let _ = fuse(&board, &process, &FusionPolicy::default(), at, &Verdict::UNKNOWN);
});
