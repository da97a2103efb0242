//! What `syn` leaves as tokens: paths in the arguments of macros and attributes, and what `cfg` asks
//! for.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, Lifetime, LitStr, Meta, Result, Token};

/// All paths among tokens, single names too.
pub fn paths(tokens: &TokenStream) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let scanned = (|input: ParseStream| scan(input, &mut found)).parse2(tokens.clone());
    scanned.expect("invariant: the scan takes any token");
    found
}

/// Whether an item or a statement is only there for tests.
pub fn is_left_out(node: &impl ToTokens) -> bool {
    let read = |input: ParseStream| {
        let attributes = input.call(Attribute::parse_outer)?;
        input.parse::<TokenStream>()?;
        Ok(attributes)
    };
    is_for_tests(&read.parse2(node.to_token_stream()).expect("invariant: attributes come first"))
}

/// Whether attributes make what they stand on a test, or a part of tests.
pub fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_test = attribute.path().segments.last().is_some_and(|name| name.ident == "test");
        is_test || attribute.path().is_ident("cfg") && attribute.parse_args().is_ok_and(|asked| needs_test(&asked))
    })
}

/// Whether a condition of `cfg` holds in tests only.
fn needs_test(condition: &Meta) -> bool {
    let Meta::List(list) = condition else { return condition.path().is_ident("test") };
    let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap_or_default();
    (list.path.is_ident("all") && parts.iter().any(needs_test))
        || (list.path.is_ident("any") && !parts.is_empty() && parts.iter().all(needs_test))
}

fn scan(input: ParseStream, found: &mut Vec<Vec<String>>) -> Result<()> {
    while !input.is_empty() {
        if input.peek(Token![..]) {
            input.parse::<Token![..]>()?;
        } else if input.peek(Token![.]) {
            // A method or a field, which no `use` leads to.
            input.parse::<Token![.]>()?;
            input.parse::<Option<Ident>>()?;
        } else if input.peek(Lifetime) {
            input.parse::<Lifetime>()?;
        } else if input.peek(Ident::peek_any) {
            found.push(path(input)?);
        } else if input.peek(LitStr) {
            // Attributes of serde name functions so.
            let quoted = input.parse::<LitStr>()?.parse_with(path);
            found.extend(quoted.ok().filter(|path| path.len() > 1));
        } else if let TokenTree::Group(group) = input.parse()? {
            inner(&group, found)?;
        }
    }
    Ok(())
}

fn inner(group: &Group, found: &mut Vec<Vec<String>>) -> Result<()> {
    (|input: ParseStream| scan(input, found)).parse2(group.stream())
}

fn path(input: ParseStream) -> Result<Vec<String>> {
    let mut path = vec![input.call(Ident::parse_any)?.unraw().to_string()];
    while input.peek(Token![::]) && input.peek3(Ident::peek_any) {
        input.parse::<Token![::]>()?;
        path.push(input.call(Ident::parse_any)?.unraw().to_string());
    }
    if input.peek(Token![!]) && !input.peek(Token![!=]) {
        path.last_mut().expect("invariant: it has a first name").push('!');
    }
    Ok(path)
}
