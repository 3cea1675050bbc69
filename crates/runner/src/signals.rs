//! What the process is asked from outside: to end, or to read its files again.

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Ctrl-C, or SIGTERM where there is one.
    End,
    /// SIGHUP, where there is one.
    Reload,
}

/// Listens from when it is made, so that nothing asked in between is missed.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    /// Starts to listen. Must be called within a tokio runtime.
    pub fn listen() -> std::io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the next thing asked.
    pub async fn next(&mut self) -> Asked {
        #[cfg(unix)]
        {
            tokio::select! {
                _ = self.terminate.recv() => Asked::End,
                _ = self.interrupt.recv() => Asked::End,
                _ = self.hang_up.recv() => Asked::Reload,
            }
        }
        #[cfg(not(unix))]
        {
            // Without a console there is nobody who could ask.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            Asked::End
        }
    }

    /// Waits until the process is asked to end.
    pub async fn end(&mut self) {
        while self.next().await != Asked::End {}
    }
}
