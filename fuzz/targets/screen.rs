//! Screens, plain or with escapes, read by the rules of every profile; then made harmless for a bug report.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use swarm::agent::Profiles;
use swarm::observe::screen::{PaneVars, Screen, classify};

static PROFILES: LazyLock<Profiles> = LazyLock::new(Profiles::builtin);

fuzz_target!(|data: &[u8]| {
    let [width, height, bytes @ ..] = data else { return };
    let size = |n: &u8| Some(u16::from(*n)).filter(|n| *n > 0);
    let vars = PaneVars { width: size(width), height: size(height), ..PaneVars::default() };
    let screen = Screen::parse(bytes, vars);
    for profile in PROFILES.iter() {
        let reading = classify(profile, &screen);
        assert!(reading.context_percent_used.is_none_or(|p| (0.0..=100.0).contains(&p)));
    }
});
