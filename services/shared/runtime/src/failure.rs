//! What a failure of the outside world is: whether another attempt helps, its words for a person, and the error that was
//! underneath, which is kept.
//!
//! An outside call has three ends. It happened, and gave no error. It did not happen: [`Retryability::Permanent`] and
//! [`Retryability::Impossible`]. Or nobody knows: [`Retryability::Transient`], which is why everything may be done twice.

use std::error::Error;
use std::fmt;
use std::io::Write;
use std::ops::Deref;
use std::sync::Arc;

/// Whether another attempt helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retryability {
    /// It may have happened, and another attempt may succeed.
    Transient,
    /// It did not happen, and does not until a person did something.
    Permanent,
    /// It did not happen, and never will for this piece of work. Another piece is none the worse.
    Impossible,
}

/// An error of a port, or of the work between ports.
pub trait Retryable: Error + Send + Sync + 'static {
    fn retryability(&self) -> Retryability;
}

/// Why something was not done: words for a person, which say all that is worth saying of the cause, and the cause itself.
#[derive(Clone)]
pub struct Reason {
    words: String,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Reason {
    /// An error in its own words, with those of its causes.
    pub fn of(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::from(chain(&cause)).caused_by(cause)
    }

    #[must_use]
    pub fn caused_by(self, cause: impl Error + Send + Sync + 'static) -> Self {
        Self { cause: Some(Arc::new(cause)), ..self }
    }

    /// The same in other words.
    #[must_use]
    pub fn reworded(self, words: impl FnOnce(&str) -> String) -> Self {
        Self { words: words(&self.words), ..self }
    }
}

/// A line for whoever reads standard error. That it may lie on a full disk, or that nobody reads it any more, is no reason
/// to break off.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// An error with its causes in one line, each said once: for a log.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    joined(error, |_| false)
}

/// The same for a person. The words of a [`Reason`] say all that is worth saying of its cause, and mostly end in what to
/// do, so nothing follows them.
pub fn message(error: &(dyn Error + 'static)) -> String {
    joined(error, |cause| cause.is::<Reason>())
}

fn joined(error: &(dyn Error + 'static), is_last: impl Fn(&(dyn Error + 'static)) -> bool) -> String {
    let mut text = error.to_string();
    let mut last = text.clone();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        // A library may say it again with a code before it.
        if !text.contains(&said) && !said.ends_with(&last) {
            text = format!("{text}: {said}");
            last = said;
        }
        next = if is_last(cause) { None } else { cause.source() };
    }
    text
}

impl From<String> for Reason {
    fn from(words: String) -> Self {
        Self { words, cause: None }
    }
}

impl From<&str> for Reason {
    fn from(words: &str) -> Self {
        Self::from(words.to_owned())
    }
}

impl Deref for Reason {
    type Target = str;

    fn deref(&self) -> &str {
        &self.words
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.words, f)
    }
}

impl Error for Reason {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// Causes have no equality; their words do.
impl PartialEq for Reason {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

impl Eq for Reason {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io;

    use super::*;
    use crate::store::StoreError;

    fn unavailable(reason: Reason) -> StoreError {
        StoreError::Unavailable { action: "create", name: "raw/a".to_owned(), reason }
    }

    #[test]
    fn the_error_underneath_is_kept_beside_the_words() {
        let lost = io::Error::new(io::ErrorKind::ConnectionReset, "connection reset");
        let error = unavailable(Reason::from("gs://acme: no answer").caused_by(lost));
        assert_eq!(error.to_string(), "store: create raw/a: gs://acme: no answer");
        let cause = error.source().unwrap().source().unwrap();
        assert_eq!(cause.downcast_ref::<io::Error>().unwrap().kind(), io::ErrorKind::ConnectionReset);
    }

    #[derive(Debug, thiserror::Error)]
    #[error("file is not a database")]
    struct NotADatabase(#[source] io::Error);

    #[test]
    fn what_a_cause_only_repeats_with_a_code_is_not_said_again() {
        let error = NotADatabase(io::Error::other("Error code 26: file is not a database"));
        assert_eq!(chain(&error), "file is not a database");
    }

    #[test]
    fn a_message_ends_in_what_to_do_and_a_log_in_the_cause() {
        let denied = io::Error::new(io::ErrorKind::PermissionDenied, "permission denied");
        let error = unavailable(Reason::from("no permission: give this user the right").caused_by(denied));
        assert_eq!(message(&error), "store: create raw/a: no permission: give this user the right");
        assert!(chain(&error).ends_with("the right: permission denied"), "{}", chain(&error));
    }

    #[test]
    fn a_chain_says_each_cause_once() {
        let full = || io::Error::other("disk is full");
        let said = |reason: Reason| chain(&unavailable(reason));
        assert_eq!(said(Reason::of(full())), "store: create raw/a: disk is full");
        assert_eq!(said(Reason::from("/mnt").caused_by(full())), "store: create raw/a: /mnt: disk is full");
        assert_eq!(
            said(Reason::of(full()).reworded(|words| format!("/mnt: {words}"))),
            "store: create raw/a: /mnt: disk is full"
        );
    }
}
