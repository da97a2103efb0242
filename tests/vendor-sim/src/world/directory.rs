//! Who and what belongs to the Anthropic organization: workspaces, API keys and people.
//!
//! Owns them and their mutations. It must never know what they use or cost.

use chrono::NaiveDate;

use super::World;

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

impl World {
    /// All workspaces, the default one first, archived ones too.
    pub fn workspaces(&self) -> &[Workspace] {
        &self.workspaces
    }

    pub fn add_workspace(&mut self, workspace: Workspace) {
        self.workspaces.push(workspace);
    }

    /// Panics if there is no such workspace.
    pub fn archive_workspace(&mut self, id: &str, day: NaiveDate) {
        let found = self.workspaces.iter_mut().find(|known| known.id.as_deref() == Some(id));
        found.expect("invariant: the workspace exists").archived_on = Some(day);
    }

    /// All API keys in the order of their list.
    pub fn api_keys(&self) -> &[ApiKey] {
        &self.api_keys
    }

    pub fn api_key(&self, id: &str) -> Option<&ApiKey> {
        self.api_keys.iter().find(|known| known.id == id)
    }

    pub fn add_api_key(&mut self, key: ApiKey) {
        self.api_keys.push(key);
    }

    /// Panics if there is no such key.
    pub fn set_api_key_status(&mut self, id: &str, status: &str) {
        let found = self.api_keys.iter_mut().find(|known| known.id == id);
        found.expect("invariant: the key exists").status = status.to_owned();
    }

    /// All people in the order of their list.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    pub fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|known| known.id == id)
    }

    pub fn add_user(&mut self, user: User) {
        self.users.push(user);
    }

    /// The person drops out of the list; their keys stay.
    pub fn remove_user(&mut self, id: &str) -> Option<User> {
        let found = self.users.iter().position(|known| known.id == id)?;
        Some(self.users.remove(found))
    }
}

/// A day before everything that the worlds tell of.
pub(crate) fn founded_on() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 3, 4).expect("invariant: a real day")
}
