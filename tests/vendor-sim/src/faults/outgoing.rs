//! A reply on its way out, as the faults have left it.
//!
//! Owns what each fault does to reply, delivery and world. It must never decide when.

use serde_json::{Value, json};

use super::{Fault, FaultKind, content};
use crate::endpoint::{Endpoint, Vendor};
use crate::exchange::{Reply, Request};
use crate::world::{Member, NEWCOMER, World};
use crate::{anthropic, cursor};

#[derive(Debug)]
pub(crate) struct Outgoing {
    pub reply: Reply,
    pub delivery: Delivery,
    /// Until the faults are cleared.
    pub is_held: bool,
}

/// How the bytes of the body travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    Cut {
        after_bytes: usize,
    },
    Slow {
        pause_ms: u64,
    },
    /// The body is followed by blanks up to this size.
    Padded {
        bytes: u64,
    },
}

impl Outgoing {
    pub(crate) fn whole(reply: Reply) -> Outgoing {
        Outgoing { reply, delivery: Delivery::Whole, is_held: false }
    }

    /// `answer` computes the faultless reply of the world as it then is.
    pub(crate) fn suffer(
        &mut self,
        fault: &Fault,
        endpoint: Endpoint,
        request: &Request,
        world: &mut World,
        answer: impl Fn(&World, &Request) -> Reply,
    ) {
        match &fault.kind {
            FaultKind::TooManyRequests { retry_after_s } => {
                self.reply = failure(endpoint, 429, request);
                if let Some(seconds) = retry_after_s {
                    self.reply.headers.push(("retry-after", seconds.to_string()));
                }
            }
            FaultKind::Status(status) => self.reply = failure(endpoint, *status, request),
            FaultKind::CutBody { after_bytes } => {
                let after_bytes = after_bytes.unwrap_or(self.reply.body.len() / 2);
                self.delivery = Delivery::Cut { after_bytes };
            }
            FaultKind::SlowBody { pause_ms } => self.delivery = Delivery::Slow { pause_ms: *pause_ms },
            FaultKind::Held => self.is_held = true,
            FaultKind::NotJson => {
                let page = b"<!doctype html><html><body><h1>Just a moment...</h1></body></html>";
                self.reply = Reply::bytes(200, "text/html", page.to_vec());
            }
            FaultKind::WrongContent => self.reply = Reply::json(200, &json!({"object": "list", "items": [1, 2]})),
            FaultKind::HugeBody { bytes } => {
                self.reply = Reply::bytes(200, "application/json", b"{\"data\":[".to_vec());
                self.delivery = Delivery::Padded { bytes: *bytes };
            }
            FaultKind::MemberJoins | FaultKind::MemberLeaves | FaultKind::MemberSwap | FaultKind::Restate(_) => {
                change_world(&fault.kind, world);
                self.reply = answer(world, request);
            }
            FaultKind::EventJoins | FaultKind::EventLeaves => {
                move_events(&fault.kind, world, request);
                self.reply = answer(world, request);
            }
            FaultKind::ExpiredCursor => self.reply = anthropic::expired_cursor(request.number),
            FaultKind::MissingScope => self.reply = missing_scope(endpoint, request),
            FaultKind::ClosedReport => self.reply = anthropic::closed_report(request.number),
            FaultKind::RepeatedPage => {
                let first = answer(world, &first_page(endpoint, request));
                self.alter(|body| content::repeat(body, &first.body, endpoint));
            }
            FaultKind::EmptyPages => self.reply = empty_page(endpoint, request, &self.reply),
            FaultKind::Hostile(hostile) => {
                if self.reply.status == 200 {
                    content::write_hostile(&mut self.reply.body, *hostile, fault.when, endpoint);
                }
            }
            FaultKind::NextPageLoop => self.alter(|body| content::point_to_itself(body, endpoint, request)),
            kind => self.alter(|body| content::spoil(body, kind, fault.when, endpoint)),
        }
    }

    /// Changes the JSON of a good answer; refusals and other bodies stay as they are.
    fn alter(&mut self, change: impl FnOnce(&mut Value)) {
        if self.reply.status != 200 {
            return;
        }
        if let Ok(mut body) = serde_json::from_slice(&self.reply.body) {
            change(&mut body);
            self.reply.body = body.to_string().into_bytes();
        }
    }
}

/// Whatever the request: the tokens of such pages lead nowhere else.
fn empty_page(endpoint: Endpoint, request: &Request, reply: &Reply) -> Reply {
    let mut body = match endpoint.vendor() {
        Vendor::Anthropic => anthropic::empty_page(request.number),
        Vendor::Cursor => serde_json::from_slice(&reply.body).unwrap_or_default(),
    };
    if endpoint.vendor() == Vendor::Cursor {
        content::empty(&mut body, endpoint);
        cursor::promise_a_next_page(&mut body);
    }
    Reply::json(200, &body)
}

fn failure(endpoint: Endpoint, status: u16, request: &Request) -> Reply {
    match endpoint.vendor() {
        Vendor::Anthropic => anthropic::failure(status, request.number),
        Vendor::Cursor => cursor::failure(status),
    }
}

fn missing_scope(endpoint: Endpoint, request: &Request) -> Reply {
    match endpoint.vendor() {
        Vendor::Anthropic => anthropic::missing_scope(request.number),
        Vendor::Cursor => cursor::missing_scope(),
    }
}

fn first_page(endpoint: Endpoint, request: &Request) -> Request {
    match endpoint.vendor() {
        Vendor::Anthropic => anthropic::first_page(request),
        Vendor::Cursor => cursor::first_page(request),
    }
}

fn change_world(kind: &FaultKind, world: &mut World) {
    match kind {
        FaultKind::MemberJoins => join_in_front(world),
        FaultKind::MemberLeaves => leave_in_front(world),
        FaultKind::MemberSwap => {
            leave_in_front(world);
            join_at_the_end(world);
        }
        FaultKind::Restate(day) => {
            world.restate_day(*day);
            world.restate_cursor_day(*day);
        }
        _ => {}
    }
}

/// The feed of events moves at its front, which is on page 1 of what is asked for.
fn move_events(kind: &FaultKind, world: &mut World, request: &Request) {
    let Some(newest) = cursor::newest_event(world, request) else { return };
    if *kind == FaultKind::EventJoins {
        world.add_cursor_event(newest);
    } else {
        world.erase_cursor_event(&newest);
    }
}

fn join_in_front(world: &mut World) {
    let first = world.members().first().map_or(1, |member| member.user_id);
    join(world, first.saturating_sub(1));
}

fn join_at_the_end(world: &mut World) {
    let last = world.members().last().map_or(0, |member| member.user_id);
    join(world, last + 1);
}

fn join(world: &mut World, user_id: u64) {
    world.add_member(Member::new(user_id, &format!("newcomer-{user_id}@example.com"), NEWCOMER));
}

fn leave_in_front(world: &mut World) {
    let first = world.members().first().map(|member| member.user_id);
    if let Some(user_id) = first.filter(|user_id| world.team_outlives(*user_id)) {
        world.remove_member(user_id);
    }
}
