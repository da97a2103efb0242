//! The modules of one crate as its source text has them: what each defines, what its `use` items
//! bind, and the paths in its code. What is compiled for tests only is left out.

use std::collections::{BTreeMap, BTreeSet};

use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Ident, ImplItem, Item, ItemMod, ItemUse, Macro, MetaList, PatIdent, Stmt, UseTree, Visibility};

use super::tokens;

/// Text of the files of a crate, by their path in its `src`.
pub type Sources = BTreeMap<String, String>;
/// The segments of a path in code.
pub type Path = Vec<String>;

/// What a `use` item binds that takes all names of a module.
pub const GLOB: &str = "*";

/// A module, in a file of its own or inside one. Names of macros end in `!`: they live apart from
/// other names.
#[derive(Debug, Default)]
pub struct Module {
    pub file: String,
    pub parent: Option<usize>,
    pub children: BTreeMap<String, usize>,
    /// What is defined here.
    pub items: BTreeSet<String>,
    /// Names that `use` items bind, and what each stands for.
    pub bindings: Vec<(String, Path)>,
    /// What the code names, and what it imports for itself. A re-export alone is no use.
    pub paths: BTreeSet<Path>,
}

/// The modules of a crate; the first is its root.
pub fn modules(root: &str, sources: &Sources) -> Vec<Module> {
    let module = Module { file: root.to_owned(), ..Module::default() };
    let mut reader = Reader { sources, modules: vec![module], current: 0, folder: String::new() };
    reader.read_file();
    reader.modules
}

struct Reader<'a> {
    sources: &'a Sources,
    modules: Vec<Module>,
    /// The module that is being read.
    current: usize,
    /// Where the files of its children are: empty, or with a slash at the end.
    folder: String,
}

impl Reader<'_> {
    fn module(&mut self) -> &mut Module {
        &mut self.modules[self.current]
    }

    fn read_file(&mut self) {
        let file = &self.modules[self.current].file;
        let parsed = syn::parse_file(&self.sources[file]).unwrap_or_else(|error| panic!("{file}: {error}"));
        if !tokens::is_for_tests(&parsed.attrs) {
            self.visit_file(&parsed);
        }
    }

    fn file_of(&self, child: &str) -> String {
        let places = [format!("{}{child}.rs", self.folder), format!("{}{child}/mod.rs", self.folder)];
        let found = places.into_iter().find(|place| self.sources.contains_key(place));
        found.unwrap_or_else(|| panic!("module {child} of {} has no file", self.modules[self.current].file))
    }

    fn add_child(&mut self, name: &str, file: String) -> usize {
        let (child, parent) = (self.modules.len(), self.current);
        self.module().children.insert(name.to_owned(), child);
        let bindings = self.module().macros_in_scope();
        self.modules.push(Module { file, parent: Some(parent), bindings, ..Module::default() });
        child
    }

    /// Notes what the tokens of a macro or of an attribute name.
    fn scan(&mut self, tokens: &proc_macro2::TokenStream) {
        self.module().paths.extend(tokens::paths(tokens));
    }
}

impl Module {
    /// A macro is in scope in the modules that are declared below it, without a `use`.
    fn macros_in_scope(&self) -> Vec<(String, Path)> {
        let names = self.items.iter().chain(self.bindings.iter().map(|(name, _)| name));
        let macros = names.filter(|name| name.ends_with('!'));
        macros.map(|name| (name.clone(), vec!["super".to_owned(), name.clone()])).collect()
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if tokens::is_left_out(item) {
            return;
        }
        if let Some(name) = defined(item) {
            self.module().items.insert(name);
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !tokens::is_left_out(item) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if !tokens::is_left_out(statement) {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let name = item.ident.unraw().to_string();
        let (outer, outer_folder) = (self.current, self.folder.clone());
        let file = match item.content {
            Some(_) => self.module().file.clone(),
            None => self.file_of(&name),
        };
        self.current = self.add_child(&name, file);
        self.folder.push_str(&format!("{name}/"));
        match &item.content {
            Some((_, items)) => items.iter().for_each(|item| self.visit_item(item)),
            None => self.read_file(),
        }
        (self.current, self.folder) = (outer, outer_folder);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut leaves = Vec::new();
        add_leaves(&item.tree, &[], &mut leaves);
        if matches!(item.vis, Visibility::Inherited) {
            self.module().paths.extend(leaves.iter().map(|(_, path)| path.clone()));
        }
        self.module().bindings.extend(leaves);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.module().paths.insert(segments(path));
        visit::visit_path(self, path);
    }

    /// A name alone in a pattern may be a constant.
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.module().paths.insert(vec![pattern.ident.unraw().to_string()]);
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let mut path = segments(&call.path);
        path.last_mut().expect("a macro has a name").push('!');
        self.module().paths.insert(path);
        self.scan(&call.tokens);
    }

    fn visit_meta_list(&mut self, attribute: &'ast MetaList) {
        self.scan(&attribute.tokens);
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

fn segments(path: &syn::Path) -> Path {
    path.segments.iter().map(|segment| segment.ident.unraw().to_string()).collect()
}

/// The name that an item defines.
fn defined(item: &Item) -> Option<String> {
    let name: &Ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Macro(item) => return item.ident.as_ref().map(|name| format!("{name}!")),
        _ => return None,
    };
    Some(name.unraw().to_string())
}

/// What each leaf of a `use` item binds, and its whole path.
fn add_leaves(tree: &UseTree, prefix: &[String], leaves: &mut Vec<(String, Path)>) {
    let joined = |name: &Ident| [prefix, &[name.unraw().to_string()]].concat();
    match tree {
        UseTree::Path(tree) => add_leaves(&tree.tree, &joined(&tree.ident), leaves),
        UseTree::Group(group) => group.items.iter().for_each(|tree| add_leaves(tree, prefix, leaves)),
        UseTree::Glob(_) => leaves.push((GLOB.to_owned(), prefix.to_vec())),
        UseTree::Rename(leaf) => leaves.push((leaf.rename.unraw().to_string(), joined(&leaf.ident))),
        UseTree::Name(leaf) if leaf.ident == "self" => {
            leaves.extend(prefix.last().map(|name| (name.clone(), prefix.to_vec())));
        }
        UseTree::Name(leaf) => leaves.push((leaf.ident.unraw().to_string(), joined(&leaf.ident))),
    }
}
