//! `docker-compose.yml` and the Dockerfile agree with what the programs read and with how the same emulators start
//! without Docker. Whether a registry has the images, only Docker can tell.
#![allow(clippy::unwrap_used)]

mod texts;

use std::collections::BTreeSet;

use everycent_emulators::{PROJECT, Ports};
use serde_yaml_ng::{Mapping, Value};

use texts::{read, root, sources};

const PROGRAMS: [&str; 3] = ["fetcher", "normalizer", "loader"];

fn services() -> Mapping {
    let mut file: Value = serde_yaml_ng::from_str(&read("docker-compose.yml")).unwrap();
    file.apply_merge().unwrap();
    file["services"].as_mapping().unwrap().clone()
}

fn service(name: &str) -> Value {
    services()[name].clone()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_sequence().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Names and values.
fn environment(service: &Value) -> Vec<(String, String)> {
    let pairs = service["environment"].as_mapping().into_iter().flatten();
    pairs.map(|(name, value)| (name.as_str().unwrap().to_owned(), value.as_str().unwrap().to_owned())).collect()
}

#[test]
fn every_image_is_pinned_or_built_here() {
    let dockerfile = read("Dockerfile");
    let is_pinned = |image: &str| {
        // A digest stands behind the tag.
        let image = image.split('@').next().unwrap();
        let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
        // Distroless has no versions; its tags say which Debian and which user.
        let is_distroless = image.starts_with("gcr.io/distroless/") && image.contains("-debian");
        is_distroless || tag.split(['.', '-']).next().is_some_and(|major| major.parse::<u32>().is_ok())
    };
    for (name, service) in &services() {
        let (name, image) = (name.as_str().unwrap(), service["image"].as_str().unwrap());
        match service["build"]["target"].as_str() {
            Some(target) => assert!(dockerfile.contains(&format!(" AS {target}\n")), "{name}: no stage {target}"),
            None => assert!(is_pinned(image), "{name}: {image} has no version"),
        }
    }
    let bases = dockerfile.lines().filter_map(|line| line.strip_prefix("ARG ")?.split_once('='));
    let loose: Vec<_> = bases.filter(|(_, image)| !is_pinned(image)).collect();
    assert!(loose.is_empty(), "without a version: {loose:?}");
}

#[test]
fn emulators_have_the_versions_and_ports_that_they_have_without_docker() {
    let install = read("tests/emulators/install.sh");
    let Ports { pubsub, storage, bigquery, bigquery_grpc } = Ports::USUAL;
    let mapped = |port: u16| format!("127.0.0.1:{port}:{port}");
    assert_eq!(texts(&service("pubsub")["ports"]), [mapped(pubsub)]);
    assert_eq!(texts(&service("gcs")["ports"]), [mapped(storage)]);
    assert_eq!(texts(&service("bigquery")["ports"]), [mapped(bigquery), mapped(bigquery_grpc)]);
    let version = |name: &str| service(name)["image"].as_str().unwrap().rsplit_once(':').unwrap().1.to_owned();
    assert!(install.contains(&format!("local_bigquery={}\n", version("bigquery"))));
    assert!(install.contains(&format!("carries fake-gcs-server {}\n", version("gcs").trim_end_matches(".0"))));
    let dockerfile = read("Dockerfile");
    assert!(dockerfile.contains(&format!("google-cloud-cli:{}-emulators", version("pubsub"))));
    for package in ["local_bigquery", "duckdb", "cramjam"] {
        let pinned = install.lines().find_map(|line| line.strip_prefix(package)?.strip_prefix('=')).unwrap();
        let pinned = pinned.split_whitespace().next().unwrap();
        assert!(dockerfile.contains(&format!(" {}=={pinned} ", package.replace('_', "-"))), "{package} {pinned}");
    }
    let extensions = dockerfile.matches("duckdb-extension-").count();
    assert_eq!(
        extensions,
        install.split_once("duckdb-extension-{").unwrap().1.split('}').next().unwrap().split(',').count()
    );
}

#[test]
fn every_port_is_open_to_this_machine_only() {
    for (name, service) in &services() {
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name:?}: {port}");
        }
    }
}

#[test]
fn a_variable_is_one_that_the_programs_read_and_leads_to_a_port_that_is_there() {
    let sources = sources("services");
    let containers: BTreeSet<String> = services()
        .iter()
        .flat_map(|(name, service)| {
            let port = |text: &String| format!("{}:{}", name.as_str().unwrap(), text.rsplit(':').next().unwrap());
            texts(&service["ports"]).iter().map(port).collect::<Vec<_>>()
        })
        .collect();
    for name in ["setup", "sync", "everycent"].iter().chain(&PROGRAMS) {
        let variables = environment(&service(name));
        assert!(!variables.is_empty(), "{name}");
        for (variable, value) in variables {
            assert!(sources.contains(&format!("\"{variable}\"")), "{name}: nothing reads {variable}");
            if variable.ends_with("_EMULATOR_HOST") {
                let place = value.trim_start_matches("http://");
                assert!(containers.contains(place), "{name}: {variable} leads to {place}, not one of {containers:?}");
            }
        }
    }
    let config = read("infra/compose/everycent.toml");
    assert!(config.contains(&format!("bus = \"pubsub://{PROJECT}\"")));
    assert!(config.contains(&format!("warehouse = \"bigquery://{PROJECT}/")));
    // A key goes over plain HTTP to no other host: the one who has the keys is where the simulator is.
    assert!(containers.contains("vendor-sim:8080") && config.matches("url = \"http://127.0.0.1:8080\"").count() == 2);
    assert_eq!(service("fetcher")["network_mode"].as_str(), Some("service:vendor-sim"));
    assert!(containers.contains("vendor-sim:8081"));
    let listens = environment(&service("fetcher")).into_iter().find(|(name, _)| name == "EVERYCENT_LISTEN");
    assert_eq!(listens.unwrap().1, "0.0.0.0:8081");
}

#[test]
fn a_health_check_asks_something_that_answers() {
    let test = |name: &str| texts(&service(name)["healthcheck"]["test"]);
    let runtime = sources("services/shared/runtime/src");
    for name in PROGRAMS {
        assert_eq!(test(name), ["CMD", &format!("/usr/local/bin/{name}"), "healthcheck"]);
    }
    assert!(runtime.contains("\"healthcheck\""), "the services have no `healthcheck`");
    // What Emulators::start waits for.
    let waits = sources("tests/emulators/src");
    let asked = |name: &str| test(name).join(" ").split_once("127.0.0.1:").unwrap().1.to_owned();
    assert!(asked("gcs").contains("/storage/v1/b?project=") && waits.contains("\"/storage/v1/b?project="));
    let datasets = format!("/bigquery/v2/projects/{PROJECT}/datasets");
    assert!(asked("bigquery").contains(&datasets) && waits.contains("/bigquery/v2/projects/{PROJECT}/datasets"));
    assert_eq!(asked("pubsub"), format!("{}/", Ports::USUAL.pubsub));
    assert!(sources("tests/vendor-sim/src").contains("/v1/organizations/me"));
}

#[test]
fn what_is_mounted_is_there() {
    for (name, service) in &services() {
        for volume in texts(&service["volumes"]) {
            let source = volume.split(':').next().unwrap();
            let is_there = !source.starts_with("./") || root().join(source).exists();
            assert!(is_there, "{name:?} mounts {source}, which is not there");
        }
    }
}

#[test]
fn the_readme_starts_the_stack_by_the_commands_that_the_file_gives_itself() {
    let commands = |text: &str, margin: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(margin)?.split('#').next());
        lines.map(|line| line.trim().to_owned()).filter(|line| line.starts_with("docker compose ")).collect()
    };
    let told = commands(&read("README.md"), "");
    assert_eq!(told.len(), 3, "{told:?}");
    let mut own = commands(&read("docker-compose.yml"), "#   ");
    assert_eq!(own.pop().as_deref(), Some("docker compose down --volumes"));
    assert_eq!(told, own);
}
