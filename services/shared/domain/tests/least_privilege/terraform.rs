//! What the Terraform gives to whom, read off its text. What it can't read it refuses, so that no right slips by.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    pub who: String,
    /// Without `roles/`; one of our own by its name in the Terraform.
    pub role: String,
    pub on: String,
    /// Its name in the Terraform.
    pub name: String,
}

/// A block of the Terraform, with its labels and its lines.
struct Block {
    kind: String,
    name: String,
    body: String,
}

impl Block {
    /// The value of an attribute of the block itself.
    fn value(&self, attribute: &str) -> Option<&str> {
        self.body.lines().find_map(|line| {
            let (name, value) = line.strip_prefix("  ")?.split_once('=')?;
            (name.trim() == attribute).then_some(value.trim())
        })
    }
}

fn text(folder: &Path) -> String {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "tf"));
    files.sort();
    assert!(files.len() > 5, "no Terraform in {}", folder.display());
    files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

fn resources(text: &str) -> Vec<Block> {
    let blocks = text.split("\nresource \"").skip(1).map(|rest| {
        let rest = rest.split("\n}").next().unwrap();
        let (head, body) = rest.split_once(" {\n").unwrap();
        let labels: Vec<&str> = head.split('"').filter(|label| !label.trim().is_empty()).collect();
        Block { kind: labels[0].to_owned(), name: labels[1].to_owned(), body: body.to_owned() }
    });
    blocks.collect()
}

/// Entries of a map of objects, `name = { key = value, … }`, on a line each.
fn entries(text: &str, begin: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("no {begin}"));
    let lines = rest.lines().skip(1).take_while(|line| !line.trim_start().starts_with('}'));
    let entry = |line: &str| {
        let (name, object) = line.trim().split_once('=')?;
        let object = object.trim().strip_prefix('{')?.trim_end_matches('}');
        let mut fields = BTreeMap::new();
        let mut rest = object;
        while let Some((key, after)) = rest.split_once(" = ") {
            let list = after.trim_start().starts_with('[');
            let end = if list { after.find(']').map(|at| at + 1) } else { after.find(',') };
            let (value, next) = after.split_at(end.unwrap_or(after.len()));
            fields.insert(key.trim().trim_matches(',').trim().to_owned(), value.trim().trim_matches('"').to_owned());
            rest = next.trim_start_matches(',');
        }
        Some((name.trim().to_owned(), fields))
    };
    lines.filter_map(entry).collect()
}

fn quoted(list: &str) -> Vec<String> {
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

fn role(value: &str) -> String {
    let value = value.trim_matches('"');
    let own = value.strip_prefix("google_project_iam_custom_role.").and_then(|own| own.strip_suffix(".id"));
    own.unwrap_or(value).trim_start_matches("roles/").to_owned()
}

/// What a right is on: the resource that it names, and which topics of many.
fn target(block: &Block) -> String {
    let names = ["topic", "subscription", "bucket", "secret_id", "service_account_id", "dataset_id", "name", "project"];
    let value = names.iter().find_map(|name| block.value(name)).unwrap_or_else(|| panic!("{}: on what?", block.name));
    let on = match value {
        "var.project_id" => "project".to_owned(),
        "google_storage_bucket.store.name" => "bucket".to_owned(),
        "each.value.id" => block.value("for_each").unwrap().to_owned(),
        value => {
            let path: Vec<&str> = value.split(['.', '[']).collect();
            let kind = path[0].trim_start_matches("google_").replace('_', " ");
            let index = value.split('"').nth(1).map_or(String::new(), |index| format!(": {index}"));
            format!("{kind} {}{index}", path[1])
        }
    };
    let condition = block.body.split_once("condition {").map(|(_, condition)| quoted(condition).remove(0));
    let condition = condition.map_or(String::new(), |title| format!(", on condition {title}"));
    format!("{}{condition}", on.replace("google_secret_manager_secret.", "secrets of "))
}

pub fn rights(folder: &Path) -> Vec<Right> {
    let text = text(folder);
    let mut found = BTreeSet::new();
    for block in
        resources(&text).iter().filter(|block| block.kind.contains("_iam_") && !block.kind.contains("custom_role"))
    {
        let each = block.value("for_each").unwrap_or("");
        let member = block.value("member").unwrap_or_else(|| panic!("{} {}: who?", block.kind, block.name));
        if each == "local.object_access" {
            found.extend(object_rights(&text));
            continue;
        }
        let (role, on) = (role(block.value("role").unwrap()), target(block));
        for (who, on) in whom(&text, member, each, &on) {
            found.insert(Right { who, role: role.clone(), on, name: block.name.clone() });
        }
    }
    found.extend(dataset_rights(&text));
    found.into_iter().collect()
}

/// Each of those that the right is for, with what it is on for him.
fn whom(text: &str, member: &str, each: &str, on: &str) -> Vec<(String, String)> {
    let readers: Vec<(String, String)> =
        topics(text).into_iter().filter_map(|topic| Some((topic.reader?, topic.name))).collect();
    let all_read = || readers.iter().map(|(_, topic)| topic.as_str()).collect::<Vec<_>>().join(", ");
    let of_topics = |who: &str, topics: &str| (who.to_owned(), format!("{on}: {topics}"));
    let named = member.strip_prefix("local.actor[\"").and_then(|rest| rest.strip_suffix("\"]"));
    match (member, each) {
        (_, "local.read_topics") if named.is_some() => vec![of_topics(named.unwrap(), &all_read())],
        ("local.pubsub_agent", _) => vec![of_topics("Pub/Sub's agent", &all_read())],
        ("local.scheduler_agent", _) => vec![("Cloud Scheduler's agent".to_owned(), on.to_owned())],
        ("local.actor[each.value]", "local.read_topics") => {
            let mut by_actor: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            readers.iter().for_each(|(actor, topic)| by_actor.entry(actor).or_default().push(topic));
            by_actor.into_iter().map(|(actor, topics)| of_topics(actor, &topics.join(", "))).collect()
        }
        ("local.actor[each.value]", list) if list.starts_with("toset([") => {
            quoted(list).into_iter().map(|actor| (actor, on.to_owned())).collect()
        }
        ("local.actor[each.value.actor]", "local.publishers") => publishers(text, on),
        ("each.value", "var.operators") => vec![("operators (people)".to_owned(), on.to_owned())],
        _ => match named {
            Some(actor) => vec![(actor.to_owned(), on.to_owned())],
            None => panic!("who is {member} for each of {each}?"),
        },
    }
}

struct Topic {
    name: String,
    reader: Option<String>,
    writers: Vec<String>,
}

fn topics(text: &str) -> Vec<Topic> {
    let topics = entries(text, "\n  topics = {").into_iter().map(|(name, fields)| Topic {
        name,
        reader: Some(fields["reader"].clone()).filter(|reader| reader != "null"),
        writers: quoted(&fields["writers"]),
    });
    topics.collect()
}

fn publishers(text: &str, on: &str) -> Vec<(String, String)> {
    let mut by_actor: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Topic { name, reader, writers } in topics(text) {
        for actor in writers.into_iter().chain(reader) {
            by_actor.entry(actor).or_default().insert(name.clone());
        }
    }
    let list = |topics: BTreeSet<String>| topics.into_iter().collect::<Vec<_>>().join(", ");
    by_actor.into_iter().map(|(actor, topics)| (actor, format!("{on}: {}", list(topics)))).collect()
}

fn object_rights(text: &str) -> Vec<Right> {
    let always = entries(text, "\n  object_access = merge(local.mending, {");
    let asked_for = entries(text, "\n  mending = {");
    assert!(always.len() > 10 && !asked_for.is_empty());
    let right = |(name, fields): (String, BTreeMap<String, String>), only: &str| Right {
        who: format!("{}{only}", fields["actor"]),
        role: role(&fields["role"]),
        on: format!("objects, {}", fields["only"].trim_start_matches("local.")),
        name,
    };
    let always = always.into_iter().map(|entry| right(entry, ""));
    always.chain(asked_for.into_iter().map(|entry| right(entry, ", if operators_may_prune"))).collect()
}

fn dataset_rights(text: &str) -> Vec<Right> {
    assert!(text.contains("for_each = local.dataset_access"), "the dataset lists who may do what");
    let listed =
        entries(text, "\n  dataset_access = merge(local.reader_access, {").into_iter().map(|(name, fields)| {
            let account = |user: &String| quoted(user).remove(0);
            let group =
                fields.get("special_group").map(|group| group.replace("projectOwners", "owners of the project"));
            let who = group.or_else(|| fields.get("user").map(account)).unwrap();
            Right { who, role: role(&fields["role"]), on: "dataset".to_owned(), name }
        });
    let readers = text.split_once("\n  reader_access = ").unwrap().1.split_once('}').unwrap().0;
    assert!(readers.contains("\"READER\"") && readers.contains("var.readers"), "{readers}");
    let readers = Right {
        who: "readers".to_owned(),
        role: "READER".to_owned(),
        on: "dataset".to_owned(),
        name: "reader_access".to_owned(),
    };
    listed.chain([readers]).collect()
}

/// The roles of our own, with their permissions.
pub fn roles(folder: &Path) -> BTreeSet<Vec<String>> {
    let text = text(folder);
    let roles = resources(&text).into_iter().filter(|block| block.kind == "google_project_iam_custom_role");
    let permissions = |block: &Block| {
        let list = block.body.split_once("permissions").unwrap().1.split_once(']').unwrap().0;
        quoted(list).join(", ")
    };
    roles.map(|block| vec![block.name.clone(), permissions(&block)]).collect()
}
