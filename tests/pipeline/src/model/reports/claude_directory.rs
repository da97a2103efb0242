//! The lists of an Anthropic organization: workspaces, API keys and people, as they stand when they are read.

use chrono::NaiveDate;
use vendor_sim::{ApiKey, ApiKeyShape, User, Workspace, World};

use crate::model::columns::{instant, midnight, record};
use crate::model::report::{Absence, Question, Report, Time, Told};
use crate::tables::Record;

pub(crate) static WORKSPACES: Report = Report {
    source: "anthropic/workspaces",
    tables: &["dim_workspaces"],
    time: Time::Now,
    absence: Absence::Kept(&["organization_id", "workspace_id"]),
    money: &[],
    counts: &[],
    weighs: &[],
    spoiled_by: &[],
    told: workspaces,
};

pub(crate) static API_KEYS: Report = Report {
    source: "anthropic/api_keys",
    tables: &["dim_api_keys"],
    time: Time::Now,
    absence: Absence::Kept(&["organization_id", "api_key_id"]),
    money: &[],
    counts: &[],
    weighs: &[],
    spoiled_by: &[],
    told: api_keys,
};

pub(crate) static USERS: Report = Report {
    source: "anthropic/users",
    tables: &["dim_users"],
    time: Time::Now,
    absence: Absence::Kept(&["organization_id", "user_id"]),
    money: &[],
    counts: &[],
    weighs: &[],
    spoiled_by: &[],
    told: users,
};

/// The default workspace is asked for too.
fn workspaces(world: &World, question: &Question, _: NaiveDate) -> Vec<Told> {
    let listed = world.workspaces().iter();
    listed.map(|known| Told::row(question.to, "dim_workspaces", workspace(world, question, known))).collect()
}

fn api_keys(world: &World, question: &Question, _: NaiveDate) -> Vec<Told> {
    let keys = world.api_keys().iter();
    keys.map(|key| Told::row(question.to, "dim_api_keys", api_key(world, question, key))).collect()
}

fn users(world: &World, question: &Question, _: NaiveDate) -> Vec<Told> {
    world.users().iter().map(|known| Told::row(question.to, "dim_users", user(question, known))).collect()
}

fn workspace(world: &World, question: &Question, workspace: &Workspace) -> Record {
    let text = |text: &str| Some(text.to_owned());
    let id = workspace.id.as_ref().unwrap_or(&world.options.default_workspace_id);
    record([
        ("organization_id", Some(question.account.clone())),
        ("workspace_id", text(id)),
        ("name", Some(workspace.name.clone())),
        ("is_default", text(if workspace.id.is_none() { "1" } else { "0" })),
        ("created_at", Some(midnight(workspace.created_on))),
        ("archived_at", workspace.archived_on.map(midnight)),
        // What the simulator says of every workspace.
        ("display_color", text("#6C5BB9")),
        ("workspace_geo", text("us")),
        ("default_inference_geo", text("global")),
        ("tags", text("{}")),
        ("last_seen_at", Some(instant(question.asked_at))),
    ])
}

fn api_key(world: &World, question: &Question, key: &ApiKey) -> Record {
    let shape = world.options.api_key_shape;
    record([
        ("organization_id", Some(question.account.clone())),
        ("api_key_id", Some(key.id.clone())),
        ("name", Some(key.name.clone())),
        ("status", Some(key.status.clone())),
        ("scope_type", (shape != ApiKeyShape::WorkspaceId).then(|| "workspace".to_owned())),
        ("workspace_id", key.workspace_id.clone()),
        ("created_at", Some(midnight(key.created_on))),
        ("partial_key_hint", Some(format!("sk-ant-api03-{}...", &key.id[..4]))),
        ("created_by_type", key.created_by.as_ref().map(|_| "user".to_owned())),
        ("created_by_id", key.created_by.clone()),
        ("last_seen_at", Some(instant(question.asked_at))),
    ])
}

fn user(question: &Question, user: &User) -> Record {
    record([
        ("organization_id", Some(question.account.clone())),
        ("user_id", Some(user.id.clone())),
        ("email", Some(user.email.to_lowercase())),
        ("name", Some(user.name.clone())),
        ("role", Some(user.role.clone())),
        ("added_at", Some(midnight(user.added_on))),
        ("last_seen_at", Some(instant(question.asked_at))),
    ])
}
