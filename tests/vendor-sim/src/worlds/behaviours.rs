//! What an organization may do, and a vendor may bill, beside the plain use of tokens. Each is named, and added to a world.
//!
//! Owns what each does to a world. It must never draw from the dice that made the world, which would change the rest of it.

use chrono::{Datelike, NaiveDate};
use clap::ValueEnum;
use rust_decimal::Decimal;

use crate::world::prices::{Line, OPUS_4_6};
use crate::world::{CostRow, Enterprise, Federation, IdentityProvider, User, World};

/// Something that the plain worlds do not have. Those that add rows of cost look at what is there: the order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Behaviour {
    /// Half of the keys also use the fast mode of Opus: six times the price, on a line of its own that shares workspace, model,
    /// token type, tier and window with another. No report of tokens that is grouped by those tells the two apart.
    FastMode,
    /// In every second workspace Opus also runs in the United States only, a tenth dearer, on lines with `inference_geo` `us`.
    UsInference,
    /// The bill is a fifth below list price, and the analytics tell the list amount beside.
    Discount,
    /// Every workspace searches the web, and several keys and people share a line of searches.
    WebSearch,
    /// Sessions of Managed Agents, which several keys of a workspace share.
    ManagedAgents,
    /// On every fifth day of a month the vendor takes a credit off the bill, which is for nobody and in no analytics.
    Credits,
    /// Several people use the console for one line.
    SharedConsole,
    /// Of the keys of programs some act for a service account, others for an identity that another provider vouches for.
    MachineActors,
    /// Some use of the console is of nobody whom the analytics can name, in two rows.
    UnnamedActors,
    /// The company also is an Enterprise organization on claude.ai.
    Enterprise,
    /// The analytics of that one were last refreshed in the course of the newest day but one: the last two days are
    /// incomplete. Only with [`Behaviour::Enterprise`].
    StaleEnterprise,
}

impl Behaviour {
    /// All that a vendor documents of an organization of the console.
    pub const OF_CONSOLE: &'static [Behaviour] = &[
        Behaviour::FastMode,
        Behaviour::UsInference,
        Behaviour::Discount,
        Behaviour::WebSearch,
        Behaviour::ManagedAgents,
        Behaviour::Credits,
        Behaviour::SharedConsole,
        Behaviour::MachineActors,
        Behaviour::UnnamedActors,
    ];

    fn add_to(self, world: &mut World) {
        match self {
            Behaviour::FastMode => add_lines(world, |_, line| {
                let has_fast_mode = !line.batch && !line.in_us && !line.long_context;
                has_fast_mode.then_some((Line { fast: true, ..line }, 40))
            }),
            Behaviour::UsInference => add_lines(world, |workspace, line| {
                let is_here = workspace.is_multiple_of(2) && !line.long_context;
                is_here.then_some((Line { in_us: true, ..line }, 4))
            }),
            Behaviour::Discount => discount(world, 20),
            Behaviour::WebSearch => {
                world.options.other_costs_are_shared = true;
                add_others(world, "web_search", |day, place| Decimal::from(9 + (day * 7 + place * 5) % 23));
            }
            Behaviour::ManagedAgents => {
                world.options.other_costs_are_shared = true;
                add_others(world, "session_usage", |day, place| {
                    Decimal::new(i64::from(811 + (day * 131 + place * 17) % 900), 2)
                });
            }
            Behaviour::Credits => add_credits(world),
            Behaviour::SharedConsole => world.options.console_people = 2,
            Behaviour::MachineActors => name_machines(world),
            Behaviour::UnnamedActors => {
                world.options.unnamed_every = Some(5);
                world.options.analytics_nobody_rows = 2;
            }
            Behaviour::Enterprise => found_enterprise(world),
            Behaviour::StaleEnterprise => {
                let noon = world.newest_day().pred_opt().and_then(|day| day.and_hms_opt(12, 0, 0));
                if let Some(enterprise) = &mut world.enterprise {
                    enterprise.refreshed_at = noon.map(|noon| noon.and_utc());
                }
            }
        }
    }
}

impl World {
    /// The same world with these behaviours, one after the other.
    pub fn behaving(mut self, behaviours: &[Behaviour]) -> World {
        for behaviour in behaviours {
            behaviour.add_to(&mut self);
        }
        self
    }
}

/// Beside lines of Opus, whose newest kind alone has a place and a fast mode, another kind of line for a part of the tokens:
/// by the place of the workspace and the line, which kind and which part.
fn add_lines(world: &mut World, other: impl Fn(usize, Line) -> Option<(Line, u64)>) {
    let workspaces: Vec<Option<String>> = world.workspaces.iter().map(|workspace| workspace.id.clone()).collect();
    for rows in world.costs.values_mut() {
        let beside = |row: &CostRow| {
            let line = Line::of(row).filter(|line| line.model.id == OPUS_4_6.id)?;
            let workspace = workspaces.iter().position(|id| *id == row.workspace_id)?;
            let (kind, part) = other(workspace, line)?;
            let tokens = line.tokens_for(row.amount_cents) / part;
            (tokens > 0).then(|| kind.row(row.workspace_id.as_deref(), kind.price(tokens)))
        };
        let added: Vec<CostRow> = rows.iter().filter_map(beside).collect();
        rows.extend(added);
    }
}

/// In every workspace, on each day that has any cost, where there is no such line yet.
fn add_others(world: &mut World, cost_type: &str, cents: impl Fn(u32, u32) -> Decimal) {
    let workspaces: Vec<Option<String>> = world.workspaces.iter().map(|workspace| workspace.id.clone()).collect();
    for (day, rows) in world.costs.iter_mut().filter(|(_, rows)| !rows.is_empty()) {
        for (place, workspace) in (0..).zip(&workspaces) {
            let is_there = |row: &CostRow| row.cost_type == cost_type && row.workspace_id == *workspace;
            if !rows.iter().any(is_there) {
                let row = CostRow::other(cost_type, cents(day.ordinal(), place));
                rows.push(row.in_workspace(workspace.as_deref()));
            }
        }
    }
}

/// Amounts keep no more than six decimals of a cent.
fn discount(world: &mut World, percent: u32) {
    world.options.discount_percent = percent;
    for row in world.costs.values_mut().flatten() {
        row.amount_cents = (row.amount_cents * Decimal::new(i64::from(100 - percent), 2)).round_dp(6);
    }
}

/// A twentieth of what the day costs.
fn add_credits(world: &mut World) {
    let wanted = |day: &NaiveDate| day.day().is_multiple_of(5);
    for (_, rows) in world.costs.iter_mut().filter(|(day, _)| wanted(day)) {
        let whole: Decimal = rows.iter().map(|row| row.amount_cents).sum();
        let credit = (whole / Decimal::from(20)).round_dp(2);
        if !credit.is_zero() {
            rows.push(CostRow::other("promotional_credit", -credit));
        }
    }
}

/// Keys of Claude Code act for people.
fn name_machines(world: &mut World) {
    let subject = |number: usize| Some(format!("runner-{number}"));
    let text = str::to_owned;
    let programs = world.api_keys.iter().filter(|key| !key.is_for_claude_code);
    let keys: Vec<String> = programs.map(|key| key.id.clone()).collect();
    for (number, key) in keys.iter().enumerate() {
        let (provider, subject) = match number % 7 {
            0 | 3 => {
                world.service_accounts.insert(key.clone(), format!("svac_01Simulated{number:02}"));
                continue;
            }
            1 => {
                let signed_principal = format!("arn:aws:sts::123456789012:assumed-role/ci/{number}");
                (IdentityProvider::Aws { account_id: text("123456789012"), signed_principal }, subject(number))
            }
            2 => (IdentityProvider::Gcp { project_number: text("778899") }, subject(number)),
            4 => (IdentityProvider::Azure { subscription_id: format!("sub-{number}") }, None),
            5 => (IdentityProvider::Oidc { issuer: text("https://issuer.example.com") }, subject(number)),
            _ => continue,
        };
        world.federate(key, Federation { provider, subject });
    }
}

/// The people of the console, or some where there are none, under other ids. Every third address is spelled with a capital.
fn found_enterprise(world: &mut World) {
    let mut users: Vec<User> = world.users.clone();
    if users.is_empty() {
        let made_up = ["Edith", "Emil", "Erna"].map(|name| {
            User::new(&format!("user_01{name}"), &format!("{}@example.com", name.to_lowercase()), name, "user")
        });
        users.extend(made_up);
    }
    for (number, user) in users.iter_mut().enumerate() {
        user.id = user.id.replacen("user_01", "user_02Seat", 1);
        user.role = "user".to_owned();
        if number % 3 == 2 {
            user.email = user.email[..1].to_uppercase() + &user.email[1..];
        }
    }
    let days: Vec<NaiveDate> = world.costs.keys().copied().collect();
    world.enterprise = Some(Enterprise::used_by(users, days.into_iter(), world.activity.seed));
}
