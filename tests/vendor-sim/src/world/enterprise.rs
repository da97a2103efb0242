//! An Enterprise organization of the same company: what its people use in claude.ai.
//!
//! Owns who used which product and model on which day, and for how much. Its key opens the analytics and nothing else.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::draw::draw;
use super::prices::{HAIKU_4_5, Line, Model, OPUS_4_6, SONNET_4_5, Tokens};
use super::{Actor, AnalyticsUsage, CostRow, CostShare, Enterprise, SeatUse, User, World, is_weekend};

/// Products, the models that they use, and of a hundred people how many use one on a working day.
const PRODUCTS: [(&str, [Model; 2], u64); 6] = [
    ("chat", [SONNET_4_5, OPUS_4_6], 60),
    ("claude_code", [SONNET_4_5, OPUS_4_6], 20),
    ("cowork", [OPUS_4_6, SONNET_4_5], 15),
    ("claude_in_chrome", [HAIKU_4_5, SONNET_4_5], 6),
    ("office_agent", [SONNET_4_5, HAIKU_4_5], 5),
    ("claude_design", [OPUS_4_6, SONNET_4_5], 3),
];
/// Of a hundred people, how many of those who use something on a working day do so at a weekend.
const WEEKEND_PERCENT: u64 = 12;
/// Each kind of tokens with the most of it that a person uses in a day.
const MOST: [(Tokens, u64); 3] = [(Tokens::Input, 160_000), (Tokens::Output, 70_000), (Tokens::CacheRead, 900_000)];

impl Enterprise {
    /// The people use claude.ai on these days.
    pub(crate) fn used_by(users: Vec<User>, days: impl Iterator<Item = NaiveDate>, seed: u64) -> Enterprise {
        let mut enterprise = Enterprise {
            key: "sk-ant-api01-sim".to_owned(),
            organization_id: "00000000-0000-4000-8000-00000000000e".to_owned(),
            refreshed_at: None,
            people_known_until: None,
            users,
            shares: BTreeMap::new(),
        };
        for day in days {
            let shares: Vec<CostShare> =
                enterprise.users.iter().flat_map(|user| shares_of(seed, day, &user.id)).collect();
            enterprise.shares.insert(day, shares);
        }
        enterprise
    }
}

impl World {
    /// What the people of the Enterprise organization used on a day, and for how much; nothing where there is none.
    pub fn enterprise_shares(&self, day: NaiveDate) -> Vec<CostShare> {
        let shares = self.enterprise.as_ref().and_then(|enterprise| enterprise.shares.get(&day));
        shares.cloned().unwrap_or_default()
    }

    /// The tokens of the same.
    pub fn enterprise_usage(&self, day: NaiveDate) -> Vec<AnalyticsUsage> {
        self.usage_of(self.enterprise_shares(day))
    }

    /// What each person of the Enterprise organization did on a day, by id; those who did nothing are left out.
    pub fn seat_uses(&self, day: NaiveDate) -> Vec<SeatUse> {
        let mut uses: BTreeMap<String, SeatUse> = BTreeMap::new();
        for share in self.enterprise_shares(day) {
            let Some(Actor::User(id)) = &share.actor else { continue };
            let dice = |word: &str| draw(self.activity.seed, &[&day.to_string(), id, &share.product, word]);
            let used = uses.entry(id.clone()).or_insert_with(|| SeatUse { user_id: id.clone(), ..SeatUse::default() });
            match share.product.as_str() {
                "chat" => {
                    used.messages = 1 + dice("messages") % 60;
                    used.conversations = 1 + used.messages / 7;
                    used.projects_used = dice("projects") % 3;
                    used.files_uploaded = dice("files") % 5;
                }
                "cowork" => used.cowork_sessions = 1 + dice("sessions") % 4,
                "claude_code" => {
                    used.code_sessions = 1 + dice("sessions") % 6;
                    used.commits = dice("commits") % 5;
                    used.pull_requests = dice("pull requests") % 2;
                    used.lines_added = dice("added") % 900;
                    used.lines_removed = dice("removed") % 400;
                }
                _ => {}
            }
        }
        uses.into_values().collect()
    }
}

fn shares_of(seed: u64, day: NaiveDate, user_id: &str) -> Vec<CostShare> {
    let mut shares = Vec::new();
    for (product, models, percent) in PRODUCTS {
        let dice = |word: &str| draw(seed, &[&day.to_string(), user_id, product, word]);
        let percent = if is_weekend(day) { percent * WEEKEND_PERCENT / 100 } else { percent };
        if dice("uses") % 100 >= percent {
            continue;
        }
        let used = if dice("both").is_multiple_of(4) { &models[..] } else { &models[..1] };
        for model in used {
            for (tokens, most) in MOST {
                let line = Line::new(*model, tokens);
                let row = line.row(None, line.price(1 + dice(&format!("{} {tokens:?}", model.id)) % most));
                shares.push(share(row, line, product, user_id));
            }
        }
        if product == "chat" && dice("searches").is_multiple_of(3) {
            let row = CostRow::other("web_search", Decimal::from(1 + dice("how many") % 9));
            shares.push(CostShare { web_searches: 1 + dice("how many") % 9, ..plain_share(row, product, user_id) });
        }
    }
    shares
}

fn share(row: CostRow, line: Line, product: &str, user_id: &str) -> CostShare {
    let tokens = line.tokens_for(row.amount_cents);
    CostShare { tokens, ..plain_share(row, product, user_id) }
}

fn plain_share(row: CostRow, product: &str, user_id: &str) -> CostShare {
    CostShare {
        workspace_id: None,
        api_key_id: None,
        actor: Some(Actor::User(user_id.to_owned())),
        product: product.to_owned(),
        cost_type: row.cost_type,
        model: row.model,
        token_type: row.token_type,
        context_window: row.context_window,
        service_tier: row.service_tier,
        inference_geo: row.inference_geo,
        is_fast: false,
        tokens: 0,
        web_searches: 0,
        amount_cents: row.amount_cents,
    }
}
