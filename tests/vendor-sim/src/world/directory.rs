//! Who and what belongs to the Anthropic organization: workspaces, API keys and people.
//!
//! Owns their lists and mutations. It must never know what they use or cost.

use chrono::NaiveDate;

use super::{ApiKey, User, Workspace, World};

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

    /// Panics if there is no such workspace.
    pub fn rename_workspace(&mut self, id: &str, name: &str) {
        let found = self.workspaces.iter_mut().find(|known| known.id.as_deref() == Some(id));
        found.expect("invariant: the workspace exists").name = name.to_owned();
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

    /// The key drops out of the list, and out of every report.
    pub fn remove_api_key(&mut self, id: &str) -> Option<ApiKey> {
        let found = self.api_keys.iter().position(|known| known.id == id)?;
        Some(self.api_keys.remove(found))
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
