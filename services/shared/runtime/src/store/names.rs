//! Names of a store, some at a time, however many there are.

use everycent_domain::objects::ObjectName;

use super::{Store, StoreError};

/// Names that one listing asks for.
const LISTED: usize = 1000;

/// The names that begin with a prefix, in order.
#[derive(Debug)]
pub struct Names<'a> {
    store: &'a dyn Store,
    prefix: String,
    after: Option<ObjectName>,
    is_over: bool,
}

impl<'a> Names<'a> {
    pub fn new(store: &'a dyn Store, prefix: String) -> Self {
        Self::after(store, prefix, None)
    }

    /// Those after a name.
    pub fn after(store: &'a dyn Store, prefix: String, after: Option<ObjectName>) -> Self {
        Self { store, prefix, after, is_over: false }
    }

    /// The next of them, in one listing; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<ObjectName>>, StoreError> {
        if self.is_over {
            return Ok(None);
        }
        let names = self.store.list(&self.prefix, self.after.as_ref(), LISTED).await?;
        self.is_over = names.len() < LISTED;
        self.after = names.last().cloned();
        Ok(Some(names))
    }
}
