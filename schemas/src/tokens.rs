//! Types of tokens, as the cost report names them and as the usage table counts them.
//!
//! Made from the fields of the usage table that have a `token_type`: whoever decides something for each type does not
//! compile until a new one has its answer.

include!(concat!(env!("OUT_DIR"), "/tokens.rs"));

impl TokenType {
    /// The type that the cost report calls this.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|token_type| token_type.name() == name)
    }
}
