//! How a reply leaves: whole, cut, dripping or padded.
//!
//! Owns the HTTP response. It must never change a byte of the body that it is given.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderValue, Response as HttpResponse};
use axum::response::Response;
use futures_util::{Stream, StreamExt, stream};

use super::{Delivery, Outgoing};

const PIECES: usize = 16;
static BLANKS: [u8; 64 << 10] = [b' '; 64 << 10];

pub(super) fn send(outgoing: Outgoing) -> Response {
    let Outgoing { reply, delivery, .. } = outgoing;
    let mut response = HttpResponse::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    let length = HeaderValue::from(reply.body.len());
    let bytes = Bytes::from(reply.body);
    let response = match delivery {
        Delivery::Whole => response.body(Body::from(bytes)),
        Delivery::Cut { after_bytes } => {
            response.header(CONTENT_LENGTH, length).body(Body::from_stream(cut(bytes, after_bytes)))
        }
        Delivery::Slow { pause_ms } => {
            response.header(CONTENT_LENGTH, length).body(Body::from_stream(slow(bytes, pause_ms)))
        }
        Delivery::Padded { bytes: size } => response.body(Body::from_stream(padded(bytes, size))),
    };
    response.expect("invariant: statuses and headers are those of the vendors")
}

type Piece = io::Result<Bytes>;

/// The beginning of the body, then a dropped connection.
fn cut(body: Bytes, after_bytes: usize) -> impl Stream<Item = Piece> + Send {
    let beginning = body.slice(..after_bytes.min(body.len()));
    stream::iter([Ok(beginning)]).chain(stream::once(async {
        // The beginning has to be on its way before the connection goes.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    }))
}

/// The whole body in pieces with a pause after each.
fn slow(body: Bytes, pause_ms: u64) -> impl Stream<Item = Piece> + Send {
    let size = body.len().div_ceil(PIECES).max(1);
    stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        let piece = rest.split_to(size.min(rest.len()));
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        Some((Ok(piece), rest))
    })
}

/// The body, then blanks up to a size.
fn padded(body: Bytes, size: u64) -> impl Stream<Item = Piece> + Send {
    let left = size.saturating_sub(body.len() as u64);
    let blanks = stream::unfold(left, |left| async move {
        let piece = usize::try_from(left).map_or(BLANKS.len(), |left| left.min(BLANKS.len()));
        (piece > 0).then(|| (Ok(Bytes::from_static(&BLANKS[..piece])), left - piece as u64))
    });
    stream::iter([Ok(body)]).chain(blanks)
}
