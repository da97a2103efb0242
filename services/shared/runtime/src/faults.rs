//! Faults on purpose: the plan that an unreliable body of a port follows in tests.
//!
//! It decides nothing by chance; the caller's plan does, so that a test can print its seed and repeat itself.

use std::fmt;
use std::sync::Arc;

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// It fails and has done nothing.
    Before,
    /// It is done, and then the reply is lost.
    After,
}

/// Tells for each call what happens to it.
#[derive(Clone)]
pub struct Faults(Arc<dyn Fn(&'static str) -> Fault + Send + Sync>);

impl Faults {
    /// The plan is asked once for each call, with the operation's name: `create`, `publish`, `merge`...
    pub fn new(plan: impl Fn(&'static str) -> Fault + Send + Sync + 'static) -> Self {
        Self(Arc::new(plan))
    }

    pub fn none() -> Self {
        Self::new(|_| Fault::None)
    }

    /// Does `work` as the plan says; `failure` makes the error from its reason.
    pub async fn apply<T, E>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, E>>,
        failure: impl FnOnce(String) -> E,
    ) -> Result<T, E> {
        match (self.0)(operation) {
            Fault::None => work.await,
            Fault::Before => Err(failure("failed on purpose, nothing done".to_owned())),
            Fault::After => {
                work.await?;
                Err(failure("failed on purpose, after it was done".to_owned()))
            }
        }
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faults")
    }
}
