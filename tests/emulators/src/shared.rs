//! What the tests of one program share.

use std::path::Path;
use std::sync::OnceLock;

use crate::Installed;
use crate::afterwards::Scratch;

/// Something on emulators, begun by the first test that needs it. It ends with the program, however that ends.
#[derive(Debug)]
pub struct Shared<T>(OnceLock<(T, Scratch)>);

impl<T> Shared<T> {
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// `begin` is given a folder of its own.
    ///
    /// # Panics
    /// Where no emulators are installed.
    pub fn get(&self, begin: impl FnOnce(&Installed, &Path) -> T) -> &T {
        let begun = self.0.get_or_init(|| {
            let installed = Installed::for_tests();
            let scratch = Scratch::new().unwrap_or_else(|error| panic!("a folder for emulators: {error}"));
            (begin(&installed, scratch.path()), scratch)
        });
        &begun.0
    }
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self::new()
    }
}
