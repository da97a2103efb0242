//! Who may ask Cursor's admin API: HTTP Basic with the key as the user name and an empty password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::refusal::Refusal;
use crate::exchange::Request;
use crate::world::World;

pub(super) fn check(world: &World, request: &Request) -> Result<(), Refusal> {
    let given = request.header("authorization").and_then(user_and_password);
    let key = given.as_deref().and_then(|given| given.strip_suffix(':'));
    let options = &world.options;
    if !key.is_some_and(|key| key == options.cursor_key || options.cursor_other_keys.iter().any(|other| other == key)) {
        return Err(Refusal::unauthorized());
    }
    if world.options.cursor_key_lacks_scope {
        return Err(Refusal::forbidden());
    }
    Ok(())
}

fn user_and_password(header: &str) -> Option<String> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()
}
