//! What is wrong with a configuration, and where.

use std::ops::Range;
use std::path::Path;

/// Why a configuration is refused. It never quotes a line, which could hold a key in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("configuration {file} can't be read: {reason}; check the path and its permissions")]
    Unreadable { file: String, reason: String },
    /// Line and column count from 1.
    #[error("{file}:{line}:{column}: {message}")]
    Invalid { file: String, line: usize, column: usize, message: String },
    #[error("{variable}: {message}")]
    Variable { variable: &'static str, message: String },
}

impl ConfigError {
    pub(super) fn unreadable(path: &Path, reason: impl ToString) -> Self {
        Self::Unreadable { file: path.display().to_string(), reason: reason.to_string() }
    }

    /// Something wrong at `span` of the file's text.
    pub(super) fn at(path: &Path, text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self::Invalid {
            file: path.display().to_string(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
        }
    }
}
