//! What the tests of one program share while they run at the same time.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::Installed;

/// Something on emulators, begun by the first test that needs it and ended with the last.
#[derive(Debug)]
pub struct Shared<T>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    pub const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    /// Nothing where no emulators are installed and none are required.
    pub fn get(&self, begin: impl FnOnce(&Installed) -> T) -> Option<Arc<T>> {
        let installed = Installed::for_tests()?;
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = shared.upgrade() {
            return Some(there);
        }
        let begun = Arc::new(begin(&installed));
        *shared = Arc::downgrade(&begun);
        Some(begun)
    }
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self::new()
    }
}
