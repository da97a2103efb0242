//! Reading query parameters strictly: unknown or repeated ones are refused.
//!
//! Owns how a parameter is found. It must never know what a value means.

use super::refusal::Refusal;
use crate::exchange::Request;

pub(super) struct Query<'a> {
    pairs: &'a [(String, String)],
}

impl<'a> Query<'a> {
    /// `single` parameters may come once, `lists` (with their brackets) any number of times.
    pub(super) fn read(request: &'a Request, single: &[&str], lists: &[&str]) -> Result<Query<'a>, Refusal> {
        let query = Query { pairs: &request.query };
        for (name, _) in query.pairs {
            if lists.contains(&name.as_str()) {
                continue;
            }
            if !single.contains(&name.as_str()) {
                return Err(Refusal::invalid(format!("{name}: Extra inputs are not permitted")));
            }
            if query.list(name).count() > 1 {
                return Err(Refusal::invalid(format!("{name}: Input should be a single value")));
            }
        }
        Ok(query)
    }

    pub(super) fn single(&self, name: &str) -> Option<&'a str> {
        self.list(name).next()
    }

    /// `true` or `false`; false if it is not there.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.single(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Refusal::invalid(format!("{name}: Input should be a valid boolean"))),
        }
    }

    pub(super) fn list<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let pairs = self.pairs;
        pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
