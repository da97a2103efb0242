//! Where the packages are.

use std::path::PathBuf;

/// Names the folder.
pub const VARIABLE: &str = "EVERYCENT_EMULATORS";

/// A folder that `install.sh` has filled.
#[derive(Debug, Clone)]
pub struct Installed(PathBuf);

impl Installed {
    /// The folder, or in words what is missing and how to get it.
    pub fn find() -> Result<Self, String> {
        let folder = std::env::var_os(VARIABLE).map(PathBuf::from);
        let folder = folder.ok_or_else(|| format!("{VARIABLE} is not set; `make test-google` sets it"))?;
        if folder.join("stamp").is_file() {
            return Ok(Self(folder));
        }
        Err(format!("no emulators in {}; `make emulators` installs them", folder.display()))
    }

    /// The folder for a test, which is ignored unless it is asked for.
    ///
    /// # Panics
    /// Where there is none, with what is missing and how to get it.
    pub fn for_tests() -> Self {
        Self::find().unwrap_or_else(|missing| panic!("{missing}"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}
