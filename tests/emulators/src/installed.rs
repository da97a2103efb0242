//! Where the packages are.

use std::path::{Path, PathBuf};

/// Names the folder; `~/.cache/everycent-emulators` if it is not set.
pub const VARIABLE: &str = "EVERYCENT_EMULATORS";

/// A folder that `install.sh` has filled.
#[derive(Debug, Clone)]
pub struct Installed(PathBuf);

impl Installed {
    /// The folder, or in words what is missing and how to get it.
    pub fn find() -> Result<Self, String> {
        let folder = std::env::var_os(VARIABLE).map(PathBuf::from).or_else(|| {
            let home = std::env::var_os("HOME")?;
            Some(Path::new(&home).join(".cache/everycent-emulators"))
        });
        let folder = folder.ok_or_else(|| format!("neither {VARIABLE} nor HOME is set"))?;
        if folder.join("stamp").is_file() {
            return Ok(Self(folder));
        }
        Err(format!("no emulators in {}; `make emulators` installs them", folder.display()))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}
