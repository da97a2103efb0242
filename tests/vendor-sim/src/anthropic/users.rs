//! `GET /v1/organizations/users`: the people who still belong to the organization.

use serde_json::{Value, json};

use super::directory;
use super::query::Query;
use super::range::midnight;
use super::refusal::Refusal;
use crate::exchange::{Reply, Request};
use crate::world::{User, World};

pub(super) fn answer(world: &World, request: &Request) -> Result<Reply, Refusal> {
    let [after, before, limit] = directory::PAGING;
    let query = Query::read(request, &[after, before, limit, "email"], &["roles[]"])?;
    let roles: Vec<&str> = query.list("roles[]").collect();
    let listed = |user: &&User| {
        query.single("email").is_none_or(|email| user.email == email)
            && (roles.is_empty() || roles.contains(&user.role.as_str()))
    };
    let items: Vec<Value> = world.users().iter().filter(listed).map(item).collect();
    directory::page(&query, &items)
}

fn item(user: &User) -> Value {
    json!({
        "id": user.id,
        "type": "user",
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "added_at": midnight(user.added_on),
    })
}
