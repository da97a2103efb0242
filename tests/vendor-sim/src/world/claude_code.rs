//! Claude Code by person and day: the ground truth of its analytics.
//!
//! Owns sessions, lines, tools and what they cost. On API billing the tokens are those of the keys of Claude Code, so
//! the estimate is never above the cost; use on a subscription is in no other report.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

use super::draw::draw;
use super::prices::{Line, SONNET_4_5, Tokens};
use super::{CostShare, World};

const TERMINALS: [&str; 4] = ["vscode", "iTerm.app", "tmux", "ghostty"];
const ESTIMATE_DECIMALS: u32 = 2;

/// Who used Claude Code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaudeCodeActor {
    /// By e-mail.
    User(String),
    /// By the name of a key, which others may have too.
    ApiKey(String),
}

/// What an actor did on a day at one terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaudeCodeRow {
    pub actor: ClaudeCodeActor,
    /// None on API billing.
    pub subscription_type: Option<String>,
    pub terminal_type: String,
    pub is_remote: bool,
    pub sessions: u64,
    pub lines_added: u64,
    pub lines_removed: u64,
    pub commits: u64,
    pub pull_requests: u64,
    /// Accepted and rejected, by tool.
    pub tool_actions: BTreeMap<String, (u64, u64)>,
    /// By model id.
    pub models: BTreeMap<String, ClaudeCodeModel>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaudeCodeModel {
    pub input: u64,
    pub output: u64,
    pub cache_read: u64,
    /// For five minutes and for an hour.
    pub cache_creation: u64,
    pub estimated_cents: Decimal,
}

type Models = BTreeMap<String, ClaudeCodeModel>;

impl World {
    /// The rows of a day by actor; one actor may have several.
    pub fn claude_code_rows(&self, day: NaiveDate) -> Vec<ClaudeCodeRow> {
        let mut billed: BTreeMap<ClaudeCodeActor, Models> = BTreeMap::new();
        for share in self.cost_shares(day) {
            if let Some(actor) = self.claude_code_actor(&share) {
                add(billed.entry(actor).or_default(), &share);
            }
        }
        let mut rows = Vec::new();
        for (actor, models) in billed {
            rows.extend(self.at_terminals(day, actor, models));
        }
        rows.extend(self.subscribed(day));
        rows
    }

    fn claude_code_actor(&self, share: &CostShare) -> Option<ClaudeCodeActor> {
        let key = self.api_key(share.api_key_id.as_deref()?)?;
        if share.product != "claude_code" || share.tokens == 0 {
            return None;
        }
        let user = key.created_by.as_ref().and_then(|id| self.user(id));
        Some(match user {
            Some(user) => ClaudeCodeActor::User(user.email.clone()),
            None => ClaudeCodeActor::ApiKey(key.name.clone()),
        })
    }

    /// One row, or two for someone who also works remotely on that day.
    fn at_terminals(&self, day: NaiveDate, actor: ClaudeCodeActor, models: Models) -> Vec<ClaudeCodeRow> {
        let dice = |word: &str| draw(self.activity.seed, &[&day.to_string(), actor.name(), word]);
        if !dice("terminals").is_multiple_of(3) {
            return vec![row(&actor, None, false, models, dice)];
        }
        let remote: Models = models.iter().map(|(model, whole)| (model.clone(), whole.half())).collect();
        let local: Models =
            models.iter().map(|(model, whole)| (model.clone(), whole.without(&remote[model]))).collect();
        vec![
            row(&actor, None, false, local, dice),
            row(&actor, None, true, remote, |word| dice(&format!("remote {word}"))),
        ]
    }

    /// Every fourth person, on two days of three, on a plan of the team.
    fn subscribed(&self, day: NaiveDate) -> Vec<ClaudeCodeRow> {
        let mut rows = Vec::new();
        for user in self.users().iter().skip(1).step_by(4) {
            let dice = |word: &str| draw(self.activity.seed, &[&day.to_string(), &user.id, "subscription", word]);
            if self.cost_rows(day).is_empty() || dice("rests").is_multiple_of(3) {
                continue;
            }
            let (input, output) = (dice("input") % 400_000, dice("output") % 90_000);
            let price = |tokens, count| Line::new(SONNET_4_5, tokens).price(count);
            let estimated_cents = floor(price(Tokens::Input, input) + price(Tokens::Output, output));
            let model = ClaudeCodeModel { input, output, estimated_cents, ..ClaudeCodeModel::default() };
            let models = BTreeMap::from([(SONNET_4_5.id.to_owned(), model)]);
            let actor = ClaudeCodeActor::User(user.email.clone());
            rows.push(row(&actor, Some("team"), false, models, dice));
        }
        rows
    }
}

impl ClaudeCodeActor {
    fn name(&self) -> &str {
        match self {
            ClaudeCodeActor::User(name) | ClaudeCodeActor::ApiKey(name) => name,
        }
    }
}

impl ClaudeCodeModel {
    fn half(&self) -> ClaudeCodeModel {
        ClaudeCodeModel {
            input: self.input / 2,
            output: self.output / 2,
            cache_read: self.cache_read / 2,
            cache_creation: self.cache_creation / 2,
            estimated_cents: floor(self.estimated_cents / Decimal::TWO),
        }
    }

    fn without(&self, part: &ClaudeCodeModel) -> ClaudeCodeModel {
        ClaudeCodeModel {
            input: self.input - part.input,
            output: self.output - part.output,
            cache_read: self.cache_read - part.cache_read,
            cache_creation: self.cache_creation - part.cache_creation,
            estimated_cents: floor(self.estimated_cents - part.estimated_cents),
        }
    }
}

/// Adds a share to its model. Sums stay exact; only what is told is rounded.
fn add(models: &mut Models, share: &CostShare) {
    let model = models.entry(share.model.clone().unwrap_or_default()).or_default();
    let place = match share.token_type.as_deref() {
        Some("uncached_input_tokens") => &mut model.input,
        Some("output_tokens") => &mut model.output,
        Some("cache_read_input_tokens") => &mut model.cache_read,
        _ => &mut model.cache_creation,
    };
    *place += share.tokens;
    model.estimated_cents += share.amount_cents;
}

fn row(
    actor: &ClaudeCodeActor,
    subscription_type: Option<&str>,
    is_remote: bool,
    mut models: Models,
    dice: impl Fn(&str) -> u64,
) -> ClaudeCodeRow {
    models.values_mut().for_each(|model| model.estimated_cents = floor(model.estimated_cents));
    let tools = ["edit_tool", "write_tool", "multi_edit_tool", "notebook_edit_tool"];
    let used = 2 + (dice("tools") % 3) as usize;
    let action = |tool: &&str| ((*tool).to_owned(), (dice(tool) % 60, dice(&format!("no {tool}")) % 9));
    ClaudeCodeRow {
        actor: actor.clone(),
        subscription_type: subscription_type.map(str::to_owned),
        terminal_type: TERMINALS[(dice("terminal") % TERMINALS.len() as u64) as usize].to_owned(),
        is_remote,
        sessions: 1 + dice("sessions") % 8,
        lines_added: dice("added") % 1_800,
        lines_removed: dice("removed") % 900,
        commits: dice("commits") % 9,
        pull_requests: dice("pull requests") % 3,
        tool_actions: tools.iter().take(used).map(action).collect(),
        models,
    }
}

fn floor(cents: Decimal) -> Decimal {
    cents.round_dp_with_strategy(ESTIMATE_DECIMALS, RoundingStrategy::ToZero).normalize()
}
