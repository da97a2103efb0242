//! The image by itself, without anything beside it.

use std::sync::Once;

use crate::stack::shell;

/// Four programs of some 50 MB each, with the names of their functions for the trace of a panic, and 26 MB of what they
/// link to: 228 MB when this was written.
const MOST_MB: u64 = 250;
const IMAGE: &str = "everycent:local";

/// What a person in the container could run, or that installs more.
const TOOLS: [&str; 8] =
    ["bin/sh", "bin/bash", "usr/bin/sh", "usr/bin/bash", "busybox", "usr/bin/busybox", "usr/bin/apt", "usr/bin/dpkg"];

/// Once for all tests.
fn build() {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| drop(shell("docker compose build everycent").exits(0)));
}

#[test]
fn the_image_is_small_has_no_shell_and_runs_as_nobody() {
    build();
    let size = shell(&format!("podman image inspect --format '{{{{.Size}}}}' {IMAGE}")).exits(0).stdout;
    let megabytes = size.trim().parse::<u64>().unwrap() / 1_000_000;
    eprintln!("the image has {megabytes} MB");
    assert!(megabytes <= MOST_MB, "the image has {megabytes} MB");
    let user = shell(&format!("podman image inspect --format '{{{{.Config.User}}}}' {IMAGE}")).exits(0).stdout;
    assert_eq!(user.trim(), "65532:65532");
    let there = TOOLS.map(|tool| format!("test ! -e \"$root/{tool}\"")).join(" && ");
    shell(&format!(
        "root=$(podman image mount {IMAGE}) && {there} && test -x \"$root/usr/local/bin/everycent\"; status=$?; \
         podman image unmount {IMAGE} >/dev/null; exit $status"
    ))
    .exits(0);
}

#[test]
fn the_programs_work_on_a_file_system_that_is_read_only_but_for_their_home() {
    build();
    let confined =
        "podman run --rm --network none --read-only --cap-drop ALL --security-opt no-new-privileges --tmpfs /tmp";
    shell(&format!("{confined} {IMAGE} /usr/local/bin/everycent demo")).exits(0).says(&["Reconciliation"]);
    let nowhere = shell(&format!(
        "podman run --rm --network none --read-only --read-only-tmpfs=false {IMAGE} /usr/local/bin/everycent demo"
    ));
    assert_ne!(nowhere.status.code(), Some(0), "{nowhere}");
    nowhere.says(&["/tmp/everycent"]);
}

#[test]
fn the_programs_write_nowhere_but_in_their_home() {
    build();
    let name = "everycent-writes";
    shell(&format!("podman rm --force --ignore {name}")).exits(0);
    shell(&format!("podman run --name {name} --network none {IMAGE} /usr/local/bin/everycent demo")).exits(0);
    let changed = shell(&format!("podman diff {name}")).exits(0).stdout;
    shell(&format!("podman rm {name}")).exits(0);
    let paths: Vec<_> = changed.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert!(paths.iter().any(|path| path.starts_with("/tmp/everycent/")), "{changed}");
    let of_the_engine = ["/etc", "/etc/mtab", "/run", "/tmp", "/tmp/everycent"];
    let outside: Vec<_> =
        paths.iter().filter(|path| !path.starts_with("/tmp/everycent/") && !of_the_engine.contains(path)).collect();
    assert!(outside.is_empty(), "it wrote {outside:?}");
}

#[test]
fn a_healthcheck_of_a_service_that_does_not_run_fails() {
    build();
    for service in crate::stack::SERVICES {
        let check = format!("podman run --rm --network none --env EVERYCENT_LISTEN=127.0.0.1:8080 {IMAGE}");
        shell(&format!("{check} /usr/local/bin/{service} healthcheck")).exits(1);
    }
}
