//! How a command ends when it does not end well.

use std::process::ExitCode;

use everycent_runtime::failure;
use everycent_runtime::warehouse::WarehouseError;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The call or the configuration is wrong: exit status 2.
    Usage(anyhow::Error),
    /// Something failed, or does not reconcile; what is to be said was said: exit status 1.
    Reported,
    /// Something failed: exit status 1.
    Failed(anyhow::Error),
}

impl Failure {
    pub fn usage(reason: impl Into<anyhow::Error>) -> Self {
        Self::Usage(reason.into())
    }

    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Reported | Self::Failed(_) => 1,
        })
    }

    pub fn message(&self) -> Option<String> {
        match self {
            Self::Usage(error) | Self::Failed(error) => Some(failure::message(error.as_ref())),
            Self::Reported => None,
        }
    }
}

/// Whether the warehouse could not add up what its tables hold.
pub fn is_out_of_range(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(WarehouseError::OutOfRange { .. }))
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}
