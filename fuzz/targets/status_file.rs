//! The agents' own status files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use swarm::observe::status_file::StatusFile;

fuzz_target!(|data: &[u8]| {
    let _ = StatusFile::parse_claude(data);
    let _ = StatusFile::parse_qwen(data, 1);
});
