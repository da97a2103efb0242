//! No circles of files: a file must not need what those below it are made of.
#![allow(clippy::unwrap_used)]

#[path = "modules/arrows.rs"]
mod arrows;
#[path = "modules/circles.rs"]
mod circles;
#[path = "modules/source.rs"]
mod source;
#[path = "modules/tokens.rs"]
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use source::Sources;

#[test]
fn no_files_of_a_crate_use_each_other_in_a_circle() {
    let mut found = Vec::new();
    for (package, root) in roots() {
        let mut sources = Sources::new();
        read(root.parent().unwrap(), "", &mut sources);
        let root = root.file_name().unwrap().to_str().unwrap();
        found.extend(circles_of(&package, root, &sources));
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

#[test]
fn two_files_that_use_each_other_are_a_circle_and_are_named_with_what_ties_them() {
    let found = circles(&[
        ("lib.rs", "mod above; mod below;"),
        ("above.rs", "use crate::below::{self, Depth}; pub struct Height(Depth); fn dig() { below::dig() }"),
        ("below.rs", "pub struct Depth; pub fn dig() -> Option<crate::above::Height> { None }"),
    ]);
    let expected = "made-up: 2 files use each other in a circle\n  \
        above.rs -> below.rs: Depth, dig\n  \
        below.rs -> above.rs: Height\n\
        Move what both sides need into a module of its own, or take it as an argument.";
    assert_eq!(found, [expected]);
}

#[test]
fn a_circle_may_go_through_three_files() {
    check(
        &[
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "pub struct A(crate::b::B);"),
            ("b.rs", "pub struct B(crate::c::C);"),
            ("c.rs", "pub struct C(Box<crate::a::A>, crate::d::D);"),
            ("d.rs", "pub struct D;"),
        ],
        &["a.rs -> b.rs: B", "b.rs -> c.rs: C", "c.rs -> a.rs: A"],
    );
}

#[test]
fn a_parent_and_a_child_that_reaches_for_super_are_a_circle() {
    let arrows = &["lib.rs -> child.rs: Child", "child.rs -> lib.rs: LIMIT"];
    for child in [
        "pub struct Child([u8; super::LIMIT]);",
        "use super::*; pub struct Child([u8; LIMIT]);",
        "use super::LIMIT as MOST; pub struct Child([u8; MOST]);",
        "pub struct Child; mod inside { const MOST: usize = super::super::LIMIT; }",
        "pub struct Child; impl Child { fn len(&self) -> usize { use crate::LIMIT; LIMIT } }",
        "pub struct Child; fn is_full(n: usize) -> bool { matches!(n, crate::LIMIT) }",
        "#[serde(default = \"crate::LIMIT\")] pub struct Child;",
    ] {
        check(
            &[("lib.rs", "mod child; const LIMIT: usize = 1; fn new(_: child::Child) {}"), ("child.rs", child)],
            arrows,
        );
    }
}

#[test]
fn a_facade_that_only_re_exports_is_in_no_circle() {
    check(
        &[
            ("lib.rs", "mod facade;"),
            ("facade.rs", "mod child; mod other; pub use child::Child; pub(crate) use other::*; pub struct Shared;"),
            ("facade/child.rs", "use super::{Other, Shared}; pub struct Child(Other, Shared);"),
            ("facade/other.rs", "pub struct Other;"),
        ],
        &[],
    );
}

#[test]
fn a_facade_that_uses_what_it_re_exports_is_in_a_circle() {
    check(
        &[
            ("lib.rs", "mod child; pub use child::Child; pub struct Shared; fn new() -> Option<Child> { None }"),
            ("child/mod.rs", "pub struct Child(super::Shared);"),
        ],
        &["lib.rs -> child/mod.rs: Child", "child/mod.rs -> lib.rs: Shared"],
    );
}

#[test]
fn a_re_export_leads_to_the_file_of_the_definition() {
    check(
        &[
            ("lib.rs", "mod sql; mod loops; pub use sql::run as start; pub use loops::*;"),
            ("sql.rs", "mod ddl; mod merge; pub use self::{ddl::*, merge::run};"),
            ("sql/ddl.rs", "pub enum Kind { A } fn rerun() { crate::start() }"),
            ("sql/merge.rs", "pub fn run() { let _ = super::Kind::A; }"),
            ("loops.rs", "pub use crate::*; pub use anyhow::anyhow; fn nowhere() { anyhow::anyhow!(\"\"); unknown() }"),
        ],
        &["sql/ddl.rs -> sql/merge.rs: run", "sql/merge.rs -> sql/ddl.rs: Kind"],
    );
}

#[test]
fn a_glob_leads_on_where_the_one_before_it_does_not() {
    check(
        &[
            ("lib.rs", "mod first; mod second; pub use first::*; pub use second::*; fn f() { g() }"),
            ("first.rs", "pub struct First;"),
            ("second.rs", "pub fn g() { crate::f() }"),
        ],
        &["lib.rs -> second.rs: g", "second.rs -> lib.rs: f"],
    );
}

#[test]
fn a_path_inside_a_macro_counts_and_so_does_the_macro_itself() {
    check(
        &[
            ("lib.rs", "macro_rules! twice { ($e:expr) => { $crate::child::double($e) } } mod child;"),
            ("child.rs", "pub fn double(n: u8) { println!(\"{}\", [twice!(n)]); }"),
        ],
        &["lib.rs -> child.rs: double", "child.rs -> lib.rs: twice!"],
    );
}

#[test]
fn fields_methods_and_modules_themselves_do_not_count() {
    check(
        &[
            ("lib.rs", "mod child; use child::grow; pub fn limit() { grow() }"),
            ("child.rs", "use super::*; pub fn grow() { vec![a.limit(), b.limit]; c.limit(); } pub use crate::child;"),
        ],
        &[],
    );
}

#[test]
fn what_is_compiled_for_tests_only_does_not_count() {
    check(
        &[
            ("lib.rs", "mod child; use child::grow; pub fn limit() { grow() }"),
            (
                "child.rs",
                "pub fn grow() {}
                #[cfg(test)] use super::limit;
                #[cfg(all(test, unix))] mod tests;
                #[cfg(test)] mod inside { fn f() { crate::limit() } }
                #[tokio::test] async fn g() { crate::limit() }
                struct S; impl S { #[cfg(test)] fn h() { crate::limit() } }
                fn i() { #[cfg(test)] crate::limit(); }",
            ),
            ("child/tests.rs", "fn j() { crate::limit() }"),
            ("not_a_module.rs", "fn k() { crate::limit() }"),
        ],
        &[],
    );
}

#[test]
fn a_condition_that_may_hold_outside_tests_counts() {
    let arrows = &["lib.rs -> child.rs: grow", "child.rs -> lib.rs: limit"];
    for condition in ["any(test, feature = \"conformance\")", "not(test)", "feature = \"google\""] {
        let child = format!("pub fn grow() {{ #[cfg({condition})] crate::limit(); }}");
        check(&[("lib.rs", "mod child; pub fn limit() { child::grow() }"), ("child.rs", &child)], arrows);
    }
}

/// Fails unless these files hold one circle of these arrows, or none where there are no arrows.
fn check(files: &[(&str, &str)], arrows: &[&str]) {
    let found = circles(files);
    assert!(found.len() <= 1, "{found:?}");
    let mut found: Vec<&str> =
        found.iter().flat_map(|text| text.lines()).filter_map(|line| line.strip_prefix("  ")).collect();
    let mut expected = arrows.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{files:?}");
}

fn circles(files: &[(&str, &str)]) -> Vec<String> {
    let sources = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    circles_of("made-up", "lib.rs", &sources)
}

/// All circles of a crate, described.
fn circles_of(place: &str, root: &str, sources: &Sources) -> Vec<String> {
    let arrows = arrows::arrows(root, sources);
    circles::circles(&arrows).iter().map(|circle| circles::describe(place, circle, &arrows)).collect()
}

/// The root file of each library and program of the workspace, with the name of its package.
fn roots() -> Vec<(String, PathBuf)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline", "--locked"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut roots = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let targets = package["targets"].as_array().unwrap().iter();
        let is_ours = |target: &&Value| ["lib", "bin", "custom-build"].iter().any(|kind| target["kind"][0] == *kind);
        let ours = targets.filter(is_ours);
        let before = roots.len();
        roots.extend(ours.map(|target| (text(&package["name"]), PathBuf::from(text(&target["src_path"])))));
        assert!(roots.len() > before, "{} has a library or a program", package["name"]);
    }
    roots
}

/// Takes up all Rust files of a folder, named from there.
fn read(folder: &Path, prefix: &str, sources: &mut Sources) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            read(&path, &format!("{name}/"), sources);
        } else if name.ends_with(".rs") {
            sources.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}
