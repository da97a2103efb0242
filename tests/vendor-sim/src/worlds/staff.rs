//! The people, keys and retired workspaces of the worlds that have some.
//!
//! Owns who made which key. It must never draw from the dice of the cost rows, which would change them.

use chrono::{Days, NaiveDate};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::world::{ApiKey, User, Workspace, World};

/// Of every so many people one is an admin.
const ADMIN_EVERY: usize = 11;

/// The people of the company who use Claude Code, and the keys of programs: name, workspace and creator.
pub(super) struct Staff<'a> {
    pub people: &'a [&'a str],
    pub claude_code: (Option<&'a str>, &'a [&'a str]),
    pub programs: &'a [(&'a str, Option<&'a str>, Option<&'a str>)],
}

impl Staff<'_> {
    /// Fills the directory. The last of the people has left: not listed, but their keys are.
    pub(super) fn join(&self, world: &mut World) {
        let staying = self.people.len().saturating_sub(1);
        for (place, name) in self.people.iter().take(staying).enumerate() {
            let role = if place % ADMIN_EVERY == 0 { "admin" } else { "developer" };
            world.add_user(User::new(&user_id(name), &email(name), name, role));
        }
        let (workspace, users) = self.claude_code;
        for name in users {
            let (id, key) = (format!("apikey_01ClaudeCode{name}"), format!("claude_code_key_{}", name.to_lowercase()));
            world.add_api_key(ApiKey::new(&id, &key, workspace, Some(&user_id(name))).for_claude_code());
        }
        world.add_api_key(ApiKey::new("apikey_01ClaudeCodeCi", "ci-review", workspace, None).for_claude_code());
        for (number, (name, workspace, creator)) in self.programs.iter().enumerate() {
            let (id, creator) = (format!("apikey_01Program{number:02}"), creator.map(user_id));
            world.add_api_key(ApiKey::new(&id, name, *workspace, creator.as_deref()));
        }
    }
}

/// A workspace that was closed before anything else happened.
pub(super) fn retire(world: &mut World, id: &str, name: &str, first_day: NaiveDate) {
    world.add_workspace(Workspace::named(id, name));
    world.archive_workspace(id, first_day - Days::new(30));
}

/// Up to four people, and up to three keys in each workspace; now and then one of Claude Code, one without a
/// creator, one that is not active any more.
pub(super) fn anybody(world: &mut World, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x5eed_0f5a);
    let people = rng.random_range(0..=4u32);
    for number in 0..people {
        let id = format!("user_01Random{number}");
        world.add_user(User::new(&id, &format!("person-{number}@example.com"), &format!("Person {number}"), "user"));
    }
    for (place, workspace) in world.workspaces().to_vec().into_iter().enumerate() {
        for number in 0..rng.random_range(0..=3u32) {
            let (id, name) = (format!("apikey_01Random{place}{number}"), format!("key-{number}"));
            let creator = (people > 0).then(|| format!("user_01Random{}", rng.random_range(0..people)));
            let creator = creator.filter(|_| rng.random_range(0..4) > 0);
            let mut key = ApiKey::new(&id, &name, workspace.id.as_deref(), creator.as_deref());
            key.is_for_claude_code = rng.random_range(0..3) == 0;
            if rng.random_range(0..5) == 0 {
                key.status = "inactive".to_owned();
            }
            world.add_api_key(key);
        }
    }
}

fn user_id(name: &str) -> String {
    format!("user_01{name}")
}

fn email(name: &str) -> String {
    format!("{}@example.com", name.to_lowercase())
}
