//! Circles of files, and what a person reads about them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::arrows::Arrows;

/// What to do about a circle.
const ADVICE: &str = "Move what both sides need into a module of its own, or take it as an argument.";

/// All files that use each other, group by group, in the order of their names.
pub fn circles(arrows: &Arrows) -> BTreeSet<BTreeSet<&str>> {
    let files: BTreeSet<&str> = arrows.keys().map(|(from, _)| from.as_str()).collect();
    let reached: BTreeMap<&str, BTreeSet<&str>> = files.iter().map(|file| (*file, reachable(arrows, file))).collect();
    let is_mutual = |one: &str, other: &str| reached[one].contains(other) && reached[other].contains(one);
    let circle = |file: &&str| files.iter().copied().filter(|other| is_mutual(file, other)).collect();
    files.iter().map(circle).filter(|circle: &BTreeSet<&str>| circle.len() > 1).collect()
}

/// One circle: its files, and the names that tie each to others of it.
pub fn describe(place: &str, circle: &BTreeSet<&str>, arrows: &Arrows) -> String {
    let mut text = format!("{place}: {} files use each other in a circle\n", circle.len());
    for ((from, to), names) in arrows {
        if circle.contains(from.as_str()) && circle.contains(to.as_str()) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let _ = writeln!(text, "  {from} -> {to}: {}", names.join(", "));
        }
    }
    text + ADVICE
}

/// All files that a file uses, those that these use, and so on.
fn reachable<'a>(arrows: &'a Arrows, file: &str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![file];
    while let Some(next) = waiting.pop() {
        for (_, used) in arrows.keys().filter(|(from, _)| from == next) {
            if seen.insert(used.as_str()) {
                waiting.push(used);
            }
        }
    }
    seen
}
