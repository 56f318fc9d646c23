//! The `swarm` binary: parse, run, print the error, set the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    swarm::cli::main()
}
