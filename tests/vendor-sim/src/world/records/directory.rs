//! A workspace, an API key and a person of the Anthropic organization.
//!
//! Owns their fields and how they start. It must never know what they use or cost.

use chrono::NaiveDate;

/// A workspace of the Anthropic organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// None is the default workspace.
    pub id: Option<String>,
    pub name: String,
    pub created_on: NaiveDate,
    pub archived_on: Option<NaiveDate>,
}

impl Workspace {
    pub fn default_one() -> Workspace {
        Workspace { id: None, name: "Default".to_owned(), created_on: founded_on(), archived_on: None }
    }

    pub fn named(id: &str, name: &str) -> Workspace {
        Workspace { id: Some(id.to_owned()), name: name.to_owned(), ..Workspace::default_one() }
    }
}

/// An API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub id: String,
    pub name: String,
    /// None is the default workspace.
    pub workspace_id: Option<String>,
    /// The id of a user, who may be gone; none for a key of the system.
    pub created_by: Option<String>,
    pub created_on: NaiveDate,
    /// `active`, `inactive`, `archived` or `expired`.
    pub status: String,
    /// Whether Claude Code uses the key on behalf of its creator.
    pub is_for_claude_code: bool,
}

impl ApiKey {
    /// An active key of a program.
    pub fn new(id: &str, name: &str, workspace_id: Option<&str>, created_by: Option<&str>) -> ApiKey {
        ApiKey {
            id: id.to_owned(),
            name: name.to_owned(),
            workspace_id: workspace_id.map(str::to_owned),
            created_by: created_by.map(str::to_owned),
            created_on: founded_on(),
            status: "active".to_owned(),
            is_for_claude_code: false,
        }
    }

    /// The same key in the hands of Claude Code.
    pub fn for_claude_code(mut self) -> ApiKey {
        self.is_for_claude_code = true;
        self
    }
}

/// A person with an account in the organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: String,
    pub email: String,
    pub name: String,
    pub role: String,
    pub added_on: NaiveDate,
}

impl User {
    pub fn new(id: &str, email: &str, name: &str, role: &str) -> User {
        let text = str::to_owned;
        User { id: text(id), email: text(email), name: text(name), role: text(role), added_on: founded_on() }
    }
}

/// A day before everything that the worlds tell of.
fn founded_on() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 3, 4).expect("invariant: a real day")
}
