//! Who and what belongs to the Anthropic organization: workspaces, API keys and people.
//!
//! Owns their lists and mutations. It must never know what they use or cost.

use chrono::NaiveDate;

use super::{ApiKey, DefaultWorkspace, User, Workspace, World};

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

    /// The workspace is archived, and another one of its name takes its place from that day on. Panics if there is none.
    pub fn recreate_workspace(&mut self, id: &str, new_id: &str, day: NaiveDate) {
        self.archive_workspace(id, day);
        let archived = self.workspaces.iter().find(|known| known.id.as_deref() == Some(id));
        let name = archived.map(|known| known.name.clone()).unwrap_or_default();
        self.workspaces.push(Workspace { created_on: day, ..Workspace::named(new_id, &name) });
    }

    /// How the older reports name a workspace; none is the default one.
    pub(crate) fn older_workspace_id(&self, id: Option<&str>) -> Option<String> {
        let is_by_id = self.options.default_workspace == DefaultWorkspace::ByIdEverywhere;
        id.map(str::to_owned).or_else(|| is_by_id.then(|| self.options.default_workspace_id.clone()))
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

    /// The person of this id in whichever organization.
    pub(crate) fn anybody(&self, id: &str) -> Option<&User> {
        let seats = self.enterprise.iter().flat_map(|enterprise| enterprise.users());
        self.users.iter().chain(seats).find(|known| known.id == id)
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
