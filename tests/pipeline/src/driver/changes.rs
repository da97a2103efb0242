//! What happens to the vendors' world between two questions.

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use vendor_sim::{ApiKey, Federation, IdentityProvider, Member, NEWCOMER, User, Workspace, World};

use crate::schedule::Transition;

/// Changes the world as the transition says. Where there is nothing to change, it stays as it is.
pub(super) fn apply(world: &mut World, change: &Transition, first_day: NaiveDate) {
    let at = |day: u32| first_day + Days::new(day.into());
    match *change {
        Transition::Restate { day } => world.restate_day(at(day)),
        Transition::VanishRow { day, place } => {
            let rows = world.cost_rows(at(day)).len();
            within(place, rows).map(|place| world.remove_cost_row(at(day), place));
        }
        Transition::LateRows { day, count } => world.add_late_cost_rows(at(day), count),
        Transition::RestateCursorDay { day } => world.restate_cursor_day(at(day)),
        Transition::ClearCursorUsage { day, place } => {
            member(world, place).inspect(|user_id| world.clear_cursor_usage(*user_id, at(day)));
        }
        Transition::EventComes { day, place, more_cents } => event_comes(world, at(day), place, more_cents),
        Transition::EventVanishes { day, place } => {
            let events = world.cursor_events(at(day)).len();
            within(place, events).map(|place| world.remove_cursor_event(at(day), place));
        }
        Transition::MemberJoins { user_id } => {
            world.add_member(Member::new(user_id, &format!("new-{user_id}@example.com"), NEWCOMER));
        }
        Transition::MemberErased { place } => {
            member(world, place)
                .filter(|user_id| world.team_outlives(*user_id))
                .map(|user_id| world.remove_member(user_id));
        }
        Transition::MembershipEnds { place, day } => {
            member(world, place).inspect(|user_id| world.end_membership(*user_id, at(day)));
        }
        _ => list_changes(world, change, first_day),
    }
}

/// Every amount of the day's bill becomes so many times what it was.
pub(super) fn make_dearer(world: &mut World, day: NaiveDate, times: u32) {
    let amounts: Vec<Decimal> = world.cost_rows(day).iter().map(|row| row.amount_cents).collect();
    for (place, amount) in amounts.into_iter().enumerate() {
        world.set_cost_amount(day, place, amount * Decimal::from(times));
    }
}

/// The same for the lists of the Anthropic organization.
fn list_changes(world: &mut World, change: &Transition, first_day: NaiveDate) {
    match *change {
        Transition::WorkspaceComes { number } => {
            let id = format!("wrkspc_01Late{number}");
            if world.workspaces().iter().all(|known| known.id.as_ref() != Some(&id)) {
                world.add_workspace(Workspace::named(&id, &format!("Late {number}")));
            }
        }
        Transition::WorkspaceIsRenamed { place, number } => {
            workspace(world, place).inspect(|id| world.rename_workspace(id, &format!("Renamed {number}")));
        }
        Transition::WorkspaceIsArchived { place, day } => {
            let day = first_day + Days::new(day.into());
            workspace(world, place).inspect(|id| world.archive_workspace(id, day));
        }
        Transition::KeyComes { number, place } => {
            let id = format!("apikey_01Late{number}");
            if world.api_key(&id).is_none() {
                let workspace = workspace(world, place);
                let creator = user(world, place);
                let key = ApiKey::new(&id, "late", workspace.as_deref(), creator.as_deref());
                world.add_api_key(if number % 2 == 0 { key.for_claude_code() } else { key });
            }
        }
        Transition::KeyIsSet { place, status } => {
            key(world, place).inspect(|id| world.set_api_key_status(id, status));
        }
        Transition::KeyVanishes { place } => {
            key(world, place).map(|id| world.remove_api_key(&id));
        }
        Transition::KeyIsFederated { place, provider } => {
            key(world, place).inspect(|id| world.federate(id, federation(provider)));
        }
        Transition::UserComes { number } => {
            let id = format!("user_01Late{number}");
            if world.user(&id).is_none() {
                world.add_user(User::new(&id, &format!("Late-{number}@example.com"), "Late", "developer"));
            }
        }
        Transition::UserVanishes { place } => {
            user(world, place).map(|id| world.remove_user(&id));
        }
        _ => unreachable!("invariant: every other transition is applied to the pipeline"),
    }
}

/// One of each kind. Only Azure names no subject.
fn federation(provider: usize) -> Federation {
    let text = str::to_owned;
    let providers = [
        IdentityProvider::Aws { account_id: text("123456789012"), signed_principal: text("arn:aws:iam::1:role/build") },
        IdentityProvider::Gcp { project_number: text("77") },
        IdentityProvider::Azure { subscription_id: text("subscription-1") },
        IdentityProvider::Oidc { issuer: text("https://issuer.example.com") },
    ];
    let provider = providers[provider % providers.len()].clone();
    let subject = if matches!(provider, IdentityProvider::Azure { .. }) { None } else { Some(text("build")) };
    Federation { provider, subject }
}

/// A twin of an event, or one that cost more.
fn event_comes(world: &mut World, day: NaiveDate, place: usize, more_cents: u32) {
    let events = world.cursor_events(day);
    if let Some(place) = within(place, events.len()) {
        let mut event = events[place].clone();
        event.charged_cents += Decimal::from(more_cents);
        world.add_cursor_event(event);
    }
}

fn member(world: &World, place: usize) -> Option<u64> {
    let members = world.members();
    within(place, members.len()).map(|place| members[place].user_id)
}

/// None is also the default workspace, which no list has.
fn workspace(world: &World, place: usize) -> Option<String> {
    let workspaces = world.workspaces();
    within(place, workspaces.len()).and_then(|place| workspaces[place].id.clone())
}

fn key(world: &World, place: usize) -> Option<String> {
    let keys = world.api_keys();
    within(place, keys.len()).map(|place| keys[place].id.clone())
}

fn user(world: &World, place: usize) -> Option<String> {
    let users = world.users();
    within(place, users.len()).map(|place| users[place].id.clone())
}

/// The place modulo what there is, if there is anything.
fn within(place: usize, count: usize) -> Option<usize> {
    (count > 0).then(|| place % count)
}
