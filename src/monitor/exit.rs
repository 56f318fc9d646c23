//! Waits for the end of a process that is not our child, without polling: a pidfd on Linux.
//!
//! Elsewhere there is none, and the watcher's audit finds deaths.

#[cfg(target_os = "linux")]
mod imp {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// A process whose end can be awaited.
    #[derive(Debug)]
    pub struct Exit(AsyncFd<rustix::fd::OwnedFd>);

    impl Exit {
        /// `None` when the process is gone already or the system has no pidfd.
        pub fn of(pid: u32) -> Option<Self> {
            let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
            let fd = pidfd_open(pid, PidfdFlags::NONBLOCK).ok()?;
            #[expect(
                deprecated,
                reason = "its unsafe successor is for descriptors that may be closed early; ours is owned"
            )]
            AsyncFd::with_interest(fd, Interest::READABLE).ok().map(Self)
        }

        /// Resolves when the process has ended.
        pub async fn wait(&self) {
            let _ = self.0.readable().await;
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    /// A process whose end can be awaited; never made on this system.
    #[derive(Debug)]
    pub struct Exit(std::convert::Infallible);

    impl Exit {
        /// Always `None`.
        pub fn of(_pid: u32) -> Option<Self> {
            None
        }

        /// Never called.
        pub async fn wait(&self) {
            match self.0 {}
        }
    }
}

pub use imp::Exit;
