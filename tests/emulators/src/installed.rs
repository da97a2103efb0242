//! Where the packages are.

use std::path::PathBuf;

/// Names the folder. Whoever does not set it leaves out what needs an emulator.
pub const VARIABLE: &str = "EVERYCENT_EMULATORS";

/// Names a machine whose tests leave out nothing.
const REQUIRED: &str = "EVERYCENT_EMULATORS_REQUIRED";

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

    /// The folder for a test, which is left out, and says so, where there is none.
    ///
    /// # Panics
    /// Where there is none and emulators are required.
    pub fn for_tests() -> Option<Self> {
        match Self::find() {
            Ok(installed) => Some(installed),
            Err(missing) => {
                assert!(std::env::var_os(REQUIRED).is_none(), "{missing}");
                eprintln!("LEFT OUT: {missing}");
                None
            }
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}
