//! Which file of a crate uses which: an arrow leads from a file to the one that defines what it
//! names. Facades that only re-export are seen through.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{self, GLOB, Module, Path, Sources};

/// The names that tie a file to another.
pub type Arrows = BTreeMap<(String, String), BTreeSet<String>>;

pub fn arrows(root: &str, sources: &Sources) -> Arrows {
    let modules = source::modules(root, sources);
    let mut arrows = Arrows::new();
    for (at, module) in modules.iter().enumerate() {
        for path in &module.paths {
            let mut walk = Walk { modules: &modules, followed: BTreeSet::new() };
            if let Some((file, name)) = walk.definition(at, path)
                && file != module.file
            {
                arrows.entry((module.file.clone(), file)).or_default().insert(name);
            }
        }
    }
    arrows
}

struct Walk<'a> {
    modules: &'a [Module],
    /// Bindings that were looked behind, by module and place: re-exports may run in a circle, and so
    /// does `use anyhow::anyhow`, where only the compiler knows that the first is a crate.
    followed: BTreeSet<(usize, usize)>,
}

impl Walk<'_> {
    /// The file and the name of the item that a path leads to; nothing if it is in no file here.
    fn definition(&mut self, at: usize, path: &[String]) -> Option<(String, String)> {
        let (first, rest) = path.split_first()?;
        let module = &self.modules[at];
        match first.as_str() {
            "crate" => return self.definition(0, rest),
            "self" => return self.definition(at, rest),
            "super" => return self.definition(module.parent?, rest),
            _ => {}
        }
        if let Some(child) = module.children.get(first).filter(|_| !rest.is_empty()) {
            return self.definition(*child, rest);
        }
        if let Some(name) = module.items.iter().find(|name| stands_for(name, first)) {
            return Some((module.file.clone(), name.clone()));
        }
        self.behind_bindings(at, first, rest)
    }

    fn behind_bindings(&mut self, at: usize, first: &str, rest: &[String]) -> Option<(String, String)> {
        let bindings = &self.modules[at].bindings;
        bindings.iter().enumerate().find_map(|(place, (name, target))| {
            let is_glob = name == GLOB;
            if !(is_glob || stands_for(first, name)) || !self.followed.insert((at, place)) {
                return None;
            }
            let mut path: Path = target.clone();
            path.extend(is_glob.then(|| first.to_owned()));
            path.extend_from_slice(rest);
            self.definition(at, &path)
        })
    }
}

/// Whether a name is the one asked for; a macro is imported by its bare name.
fn stands_for(name: &str, asked: &str) -> bool {
    name == asked || name.strip_suffix('!') == Some(asked)
}
