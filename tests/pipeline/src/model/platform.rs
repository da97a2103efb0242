//! The sets of attribution rules that tests use, as the model understands them.

use crate::tables::Record;

/// How many sets there are. The first is empty.
pub const RULE_SETS: usize = 4;

/// The record of a cost row with its platform; any other record as it is.
pub(super) fn attributed(record: &Record, rule_set: usize) -> Record {
    let mut attributed = record.clone();
    if record.contains_key("cost_type") {
        let (platform, rule) = decide(record, rule_set);
        attributed.insert("platform".to_owned(), platform.to_owned());
        if let Some((place, basis)) = rule {
            attributed.insert("platform_basis".to_owned(), basis.to_owned());
            attributed.insert("platform_rank".to_owned(), place.to_string());
        }
    }
    attributed
}

/// The platform, and the rule that decides it with its place in its set.
fn decide(record: &Record, rule_set: usize) -> (&'static str, Option<(u8, &'static str)>) {
    let column = |name: &str| record.get(name).map_or("", String::as_str);
    match rule_set {
        1 if column("workspace_id").is_empty() => ("claude_api", Some((1, "default-is-api"))),
        2 if column("description").starts_with("Web Search") => ("claude.ai", Some((1, "searches"))),
        2 if column("workspace_id") == "wrkspc_01Random0" => ("claude_code", Some((2, "first-workspace"))),
        2 if column("model").starts_with("claude-haiku") && column("service_tier") == "batch" => {
            ("claude_api", Some((3, "haiku-batches")))
        }
        3 => ("claude_code", Some((1, "all"))),
        _ => ("unattributed", None),
    }
}
