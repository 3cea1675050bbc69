//! What every connection shares: the settings, the memory behind its lock, and the signal that it changed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::watch;

use crate::{Clock, config::SandboxConfig, store::State};

/// One running sandbox as its connections see it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) url: String,
    config: RwLock<Arc<SandboxConfig>>,
    state: Mutex<State>,
    version: watch::Sender<u64>,
    stopped: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn new(config: SandboxConfig, url: String) -> Self {
        let state = Mutex::new(State::new(&config));
        Self {
            clock: config.clock.clone(),
            url,
            config: RwLock::new(Arc::new(config)),
            state,
            version: watch::Sender::new(0),
            stopped: watch::Sender::new(false),
        }
    }

    /// The settings as they are now.
    pub(crate) fn config(&self) -> Arc<SandboxConfig> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the settings. The clock and the port stay what they were at the start.
    pub(crate) fn configure(&self, change: impl FnOnce(&mut SandboxConfig)) {
        let mut config = self.config.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = (**config).clone();
        change(&mut changed);
        *config = Arc::new(changed);
    }

    /// Looks at the memory.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the memory and wakes whoever waits for a change.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.version.send_modify(|version| *version += 1);
        result
    }

    /// Forgets everything that happened and starts again from the seed. The clock goes on.
    pub(crate) fn reset(&self) {
        self.change(|state| *state = State::new(&self.config()));
    }

    /// Changes whenever the memory does.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    pub(crate) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Ends when the sandbox is stopped.
    pub(crate) async fn stopped(&self) {
        let mut stopped = self.stopped.subscribe();
        // The sender lives in `self`, so waiting cannot fail while someone waits.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in one test's closure must not take the whole sandbox with it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
