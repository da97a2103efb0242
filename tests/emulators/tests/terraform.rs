//! `infra/terraform` names what the programs really have: topics, sources, variables, log lines. Whether Google takes it,
//! only Google can tell.
#![allow(clippy::unwrap_used)]

mod texts;

use std::collections::BTreeSet;

use texts::{read, sources};

/// The quoted texts that satisfy the test.
fn quoted(text: &str, is_meant: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let between_quotes = text.lines().flat_map(|line| line.split('"').skip(1).step_by(2));
    between_quotes.filter(|text| is_meant(text)).map(str::to_owned).collect()
}

/// The part of a file from one text to the next one.
fn part<'a>(file: &'a str, from: &str, to: &str) -> &'a str {
    file.split_once(from).unwrap().1.split_once(to).unwrap().0
}

#[test]
fn topics_and_schemas_are_those_of_the_bus() {
    let bus = read("services/shared/runtime/src/bus.rs");
    let names = quoted(part(&bus, "fn name(self)", "\n    }\n"), |_| true);
    let locals = read("infra/terraform/pubsub.tf");
    let topics = part(&locals, "topics = {", "\n  }\n").lines().filter_map(|line| line.split_once(" = { reader"));
    let topics: BTreeSet<String> = topics.map(|(topic, _)| topic.trim().to_owned()).collect();
    assert_eq!(topics, names);
    for topic in topics {
        read(&format!("schemas/events/{}.avsc", topic.replace('-', "_")));
    }
}

#[test]
fn a_subscription_has_the_policies_that_setup_gives_it() {
    let (terraform, provision) =
        (read("infra/terraform/pubsub.tf"), read("services/shared/runtime/src/bus/pubsub/provision.rs"));
    let bus = read("services/shared/runtime/src/bus.rs");
    let pubsub = read("services/shared/runtime/src/bus/pubsub/settings.rs");
    assert!(bus.contains("lease: Duration::from_secs(60)") && pubsub.contains("MAX_ATTEMPTS: u32 = 30;"));
    assert!(terraform.contains("ack_deadline_seconds       = 60\n"));
    assert!(provision.contains("saturating_mul(2)") && terraform.contains("max_delivery_attempts = 60\n"));
    assert!(provision.contains("WireDuration::clamp(1, 0), WireDuration::clamp(600, 0)"));
    assert!(terraform.contains("minimum_backoff = \"1s\"\n    maximum_backoff = \"600s\"\n"));
}

/// The file itself is checked against the catalog by a test of the domain.
#[test]
fn schedules_and_what_is_allowed_in_them_come_from_the_list_of_reports() {
    let (schedule, variables) = (read("infra/terraform/schedule.tf"), read("infra/terraform/variables.tf"));
    assert!(schedule.contains("reports = jsondecode(file(\"${path.module}/reports.json\"))"));
    assert!(schedule.contains("for source, report in local.reports : source =>"));
    assert!(
        part(&variables, "variable \"schedules\"", "\nvariable ").contains("contains(keys(local.reports), source)")
    );
    let is_source = |text: &str| text.starts_with("anthropic/") || text.starts_with("cursor/");
    for file in [&schedule, &variables] {
        assert!(quoted(file, is_source).is_empty(), "a source is named beside the list");
    }
}

/// Requests that are alike, but for how far they reach back.
#[test]
fn settled_days_are_asked_for_by_the_same_request_as_others() {
    let (schedule, settled) = (read("infra/terraform/schedule.tf"), read("infra/terraform/settled.tf"));
    let request = |file: &str, days: &str| {
        let request = part(file, "data = base64encode(jsonencode({", "}))").to_owned();
        assert!(request.contains(days), "{request}");
        request.replace(days, "DAYS")
    };
    assert_eq!(
        request(&schedule, "trailing_days = each.value.trailing_days"),
        request(&settled, "trailing_days = each.value")
    );
    let reach = "schedule.trailing_days + var.settled_days_per_month\n  if schedule.trailing_days > 0";
    assert!(settled.contains(reach), "only reports of days, and beyond what is asked for anyway");
    let default = part(&settled, "type        = number\n  default     = ", "\n");
    let domain = read("services/shared/domain/src/restatement.rs");
    assert!(domain.contains(&format!("DEFAULT_DAYS_A_MONTH: u32 = {default};")), "another default than on one machine");
}

#[test]
fn a_variable_of_a_container_is_one_that_the_programs_read() {
    let (services, programs) = (read("infra/terraform/services.tf"), sources("services"));
    let names = part(&services, "environment = merge({", "var.otlp_endpoint }").lines();
    let names = names.flat_map(|line| line.split([' ', '{', '}', '(']).map(str::trim));
    let is_name = |word: &&str| word.contains('_') && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let names: BTreeSet<&str> = names.filter(is_name).chain(["EVERYCENT_LISTEN"]).collect();
    assert!(names.contains("EVERYCENT_CONFIG") && names.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{names:?}");
    for name in names {
        assert!(programs.contains(&format!("\"{name}\"")), "nothing reads {name}");
    }
}

#[test]
fn an_alert_waits_for_a_line_that_is_logged() {
    let (alerts, programs) = (read("infra/terraform/alerts.tf"), sources("services"));
    for line in ["event given up", "message given up"] {
        assert!(alerts.contains(&format!("\\\"{line}\\\"")), "no alert waits for `{line}`");
        assert!(programs.contains(&format!("\"{line}\"")), "nothing logs `{line}`");
    }
    // A window that failed is the fetcher's only warning that names a window.
    let fetcher = read("services/fetcher/src/lib.rs");
    assert!(alerts.contains("jsonPayload.window:*") && alerts.contains("EXTRACT(jsonPayload.source)"));
    assert!(fetcher.contains("warn!(source = %source, account.id = %account.account_id, window = %window,"));
}
