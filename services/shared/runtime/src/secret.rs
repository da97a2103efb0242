//! Keys: where they are found, and that they are never seen.
//!
//! A secret must never reach a log, an error, an address or a file. Only the vendor client reads its text.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::failure::Reason;

/// Looks a variable up: the process's environment in programs, a table in tests.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's environment. What is not Unicode is kept as far as it goes, so that a variable that is set is never
/// taken for one that is not.
pub fn process_env(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// A key. It prints as `***` and can't be serialized.
#[derive(Clone)]
pub struct Secret(String);

/// Why there is no key. No variant holds any of its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("both {0} and {0}_FILE are set; unset one of them")]
    BothSet(String),
    #[error("{0} is set but empty; put the key in it, or unset it")]
    Empty(String),
    #[error("key file {file} is empty; put the key in it")]
    EmptyFile { file: String },
    #[error("key file {file} can't be read: {reason}; check the path and its permissions")]
    Unreadable {
        file: String,
        #[source]
        reason: Reason,
    },
}

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text of the key, for the request that needs it and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The variable `name`, or the file that `<name>_FILE` names; `None` when neither is set.
    pub fn from_env_or_file(name: &str, env: Env<'_>) -> Result<Option<Self>, SecretError> {
        SecretSource::find(name, env)?.map(|source| source.read()).transpose()
    }

    /// The content of a file, without the white space around it.
    pub fn from_file(path: &Path) -> Result<Self, SecretError> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Err(error) => Err(SecretError::Unreadable { file, reason: Reason::of(error) }),
            Ok(text) if text.trim().is_empty() => Err(SecretError::EmptyFile { file }),
            Ok(text) => Ok(Self::new(text.trim())),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where a key is. A file is read at each use, so that a rotated key is taken up.
#[derive(Debug, Clone)]
pub enum SecretSource {
    Value(Secret),
    File(PathBuf),
}

impl SecretSource {
    /// Finds the key by the variable `name` or `<name>_FILE`, without reading a file; `None` when neither is set.
    pub fn find(name: &str, env: Env<'_>) -> Result<Option<Self>, SecretError> {
        let file_name = format!("{name}_FILE");
        let filled = |name: &str, value: String| {
            let value = value.trim();
            if value.is_empty() { Err(SecretError::Empty(name.to_owned())) } else { Ok(value.to_owned()) }
        };
        match (env(name), env(&file_name)) {
            (Some(_), Some(_)) => Err(SecretError::BothSet(name.to_owned())),
            (Some(value), None) => Ok(Some(Self::Value(Secret::new(filled(name, value)?)))),
            (None, Some(path)) => Ok(Some(Self::File(filled(&file_name, path)?.into()))),
            (None, None) => Ok(None),
        }
    }

    pub fn read(&self) -> Result<Secret, SecretError> {
        match self {
            Self::Value(secret) => Ok(secret.clone()),
            Self::File(path) => Secret::from_file(path),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NAME: &str = "ANTHROPIC_ADMIN_KEY";

    fn found(variables: &[(&str, &str)]) -> Result<Option<String>, SecretError> {
        let env = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Secret::from_env_or_file(NAME, &env).map(|secret| secret.map(|secret| secret.expose().to_owned()))
    }

    #[test]
    fn a_secret_never_prints() {
        let secret = Secret::new("sk-ant-admin01-x");
        assert_eq!(format!("{secret} {secret:?} {:?}", SecretSource::Value(secret.clone())), "*** *** Value(***)");
    }

    #[test]
    fn a_key_comes_from_its_variable_or_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "  from-file\n").unwrap();
        let file = path.to_str().unwrap();
        assert_eq!(found(&[]), Ok(None));
        assert_eq!(found(&[(NAME, "from-variable")]), Ok(Some("from-variable".to_owned())));
        assert_eq!(found(&[("ANTHROPIC_ADMIN_KEY_FILE", file)]), Ok(Some("from-file".to_owned())));
    }

    #[test]
    fn what_is_wrong_with_a_key_is_named_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty");
        std::fs::write(&empty, "\n").unwrap();
        let empty = empty.to_str().unwrap();
        let missing = folder.path().join("missing");
        let missing = missing.to_str().unwrap();
        let file = "ANTHROPIC_ADMIN_KEY_FILE";
        let both = "both ANTHROPIC_ADMIN_KEY and ANTHROPIC_ADMIN_KEY_FILE are set; unset one of them".to_owned();
        let cases: [(&[(&str, &str)], String); 5] = [
            (&[(NAME, "hidden"), (file, missing)], both),
            (&[(NAME, " ")], "ANTHROPIC_ADMIN_KEY is set but empty".to_owned()),
            (&[(file, "")], "ANTHROPIC_ADMIN_KEY_FILE is set but empty".to_owned()),
            (&[(file, empty)], format!("key file {empty} is empty")),
            (&[(file, missing)], format!("key file {missing} can't be read: ")),
        ];
        for (variables, expected) in cases {
            let message = found(variables).unwrap_err().to_string();
            assert!(message.starts_with(&expected), "{message}");
            assert!(!message.contains("hidden"), "{message}");
        }
    }
}
