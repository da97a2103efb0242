//! The sets of attribution rules that tests use, as the model understands them.

use crate::tables::Record;

/// How many sets there are. The first is empty.
pub const RULE_SETS: usize = 4;

/// The tables whose rows are attributed by rules.
const ATTRIBUTED: [&str; 4] =
    ["claude_costs", "claude_usage_tokens", "claude_analytics_costs", "claude_analytics_usage"];

/// A row of a table with its platform; a row that no rule is for as it is.
pub(super) fn attributed(table: &str, record: &Record, rule_set: usize) -> Record {
    let mut attributed = record.clone();
    if ATTRIBUTED.contains(&table) {
        let (platform, rule) =
            decide(record, rule_set).or_else(|| by_product(record)).unwrap_or(("unattributed", None));
        attributed.insert("platform".to_owned(), platform.to_owned());
        if let Some((rank, basis)) = rule {
            attributed.insert("platform_basis".to_owned(), basis.to_owned());
            attributed.extend(rank.map(|rank| ("platform_rank".to_owned(), rank.to_string())));
        }
    }
    attributed
}

/// A platform, and what decides it: the place of a rule in its set, if it is one, and its name.
type Decision = (&'static str, Option<(Option<u8>, &'static str)>);

fn decide(record: &Record, rule_set: usize) -> Option<Decision> {
    let column = |name: &str| record.get(name).map_or("", String::as_str);
    let rule = |platform, rank, id| Some((platform, Some((Some(rank), id))));
    match rule_set {
        1 if column("workspace_id").is_empty() => rule("claude_api", 1, "default-is-api"),
        2 if column("description").starts_with("Web Search") => rule("claude.ai", 1, "searches"),
        2 if column("workspace_id") == "wrkspc_01Random0" => rule("claude_code", 2, "first-workspace"),
        2 if column("model").starts_with("claude-haiku") && column("service_tier") == "batch" => {
            rule("claude_api", 3, "haiku-batches")
        }
        2 if column("api_key_id") == "apikey_01Random00" => rule("claude_code", 4, "first-key"),
        3 => rule("claude_code", 1, "all"),
        _ => None,
    }
}

/// Where no rule matches, the vendor's product decides.
fn by_product(record: &Record) -> Option<Decision> {
    let platform = match record.get("product")?.as_str() {
        "claude_code" => "claude_code",
        "claude_console" | "managed_agents_api" | "message_batches_api" | "messages_api" => "claude_api",
        _ => return None,
    };
    Some((platform, Some((None, "product"))))
}
