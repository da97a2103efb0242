//! Names and owners: what is joined when it is read.

use everycent_schemas::events::RowFile;
use everycent_schemas::rows::{
    ApiKeyOwner, CursorMember, DimApiKey, DimUser, DimWorkspace, EarlierApiKeyOwner, PersonAlias, PersonPeriod,
};

use super::super::world::{Answer, RowStore, at, day};

const PEOPLE: &str = "upload/people";
pub(super) const CLAUDE: [&str; 5] =
    ["anthropic/workspaces", "anthropic/api_keys", "anthropic/users", "upload/api_key_owners", PEOPLE];
pub(super) const MEMBERS: &str = "cursor/members";

/// The rows of a reading: the second one has other owners.
pub(super) fn files(store: &RowStore, answer: &Answer, is_second: bool) -> Vec<RowFile> {
    let owner = if is_second { "gil@example.com" } else { "fay@example.com" };
    match answer.source {
        "anthropic/workspaces" => file(store.file(answer, &[workspace(answer, "w1"), workspace(answer, "w2")])),
        "anthropic/api_keys" => file(store.file(answer, &[key(answer, "k1"), key(answer, "k2")])),
        "anthropic/users" => file(store.file(answer, &[user(answer)])),
        PEOPLE if is_second => {
            let people = [
                person(answer, "ann", (Some("Search"), Some("1")), (None, Some(20))),
                person(answer, "ann", (Some("Ads"), Some("2")), (Some(21), None)),
                person(answer, "gil", (Some("Ads"), None), (None, Some(25))),
                person(answer, "eve", (None, Some("2")), (None, None)),
                person(answer, "dee", (Some("Support"), None), (None, None)),
            ];
            let aliases = [alias(answer, "bob", "dee", None), alias(answer, "cy", "ann", Some(15))];
            file(store.file(answer, &people)).into_iter().chain(file(store.file(answer, &aliases))).collect()
        }
        PEOPLE => file(store.file(answer, &[person(answer, "ann", (Some("Search"), None), (None, None))])),
        MEMBERS => file(store.file(answer, &[member(answer, "ann@example.com"), member(answer, "bob@example.com")])),
        _ => {
            let owners = store.file(answer, &[key_owner(answer, owner)]);
            file(owners).into_iter().chain(file(store.file(answer, &[earlier_owner(answer)]))).collect()
        }
    }
}

fn file(file: Option<RowFile>) -> Vec<RowFile> {
    file.into_iter().collect()
}

fn workspace(answer: &Answer, workspace_id: &'static str) -> DimWorkspace<'static> {
    DimWorkspace {
        organization_id: answer.account,
        workspace_id,
        name: (workspace_id == "w1").then_some("Research"),
        is_default: workspace_id == "w2",
        created_at: None,
        archived_at: None,
        display_color: None,
        workspace_geo: None,
        default_inference_geo: None,
        tags: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

fn key(answer: &Answer, api_key_id: &'static str) -> DimApiKey<'static> {
    DimApiKey {
        organization_id: answer.account,
        api_key_id,
        name: Some("a key"),
        status: None,
        scope_type: None,
        workspace_id: None,
        created_at: None,
        expires_at: None,
        partial_key_hint: None,
        created_by_type: None,
        created_by_id: Some("u1"),
        principal_type: None,
        principal_id: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

fn user(answer: &Answer) -> DimUser<'static> {
    DimUser {
        organization_id: answer.account,
        user_id: "u1",
        email: Some("eve@example.com"),
        name: None,
        role: None,
        added_at: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

fn key_owner(answer: &Answer, owner_email: &'static str) -> ApiKeyOwner<'static> {
    ApiKeyOwner {
        organization_id: answer.account,
        api_key_id: "k1",
        owner_email,
        team: Some("a team"),
        note: None,
        valid_from: Some(day(10)),
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

fn earlier_owner(answer: &Answer) -> EarlierApiKeyOwner<'static> {
    EarlierApiKeyOwner {
        organization_id: answer.account,
        api_key_id: "k1",
        valid_until: day(10),
        valid_from: Some(day(3)),
        owner_email: "ann@example.com",
        team: None,
        note: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

/// Who is where, from one day to another.
fn person(
    answer: &Answer,
    name: &str,
    (team, cost_center): (Option<&'static str>, Option<&'static str>),
    (from, to): (Option<u32>, Option<u32>),
) -> PersonPeriod<'static> {
    PersonPeriod {
        account_id: answer.account,
        email: format!("{name}@example.com").leak(),
        row_id: format!("{name}-{from:?}").leak(),
        name: None,
        team,
        cost_center,
        manager: None,
        claude_seat: None,
        cursor_seat: None,
        valid_from: from.map(day),
        valid_to: to.map(day),
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

fn alias(answer: &Answer, address: &str, name: &str, to: Option<u32>) -> PersonAlias<'static> {
    PersonAlias {
        account_id: answer.account,
        address: format!("{address}@example.com").leak(),
        row_id: name.to_owned().leak(),
        email: format!("{name}@example.com").leak(),
        valid_from: None,
        valid_to: to.map(day),
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

fn member(answer: &Answer, email: &'static str) -> CursorMember<'static> {
    CursorMember {
        account_id: answer.account,
        member_id: email,
        email: Some(email),
        name: Some("A Member"),
        role: None,
        is_removed: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}
