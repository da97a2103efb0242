//! How much of one vendor's answers is in memory at once, however many requests are under way.
//!
//! A request that waits for its answer holds nothing. An answer reserves its size before its body is read, and gives it
//! back when the last copy of the body is dropped. One that does not say its size, or is larger than all there is, waits
//! until it is the only one: so no more than the budget is held, or one answer.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::Response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The size of a large page: five hundred users of Cursor over a month.
const BUDGET_KIB: u32 = 8 << 10;

#[derive(Debug)]
pub(super) struct BodyBudget {
    /// A permit is a KiB.
    kib: Arc<Semaphore>,
}

/// What an answer may take. Nothing for a refusal, of which little is read.
#[derive(Debug)]
pub(super) struct Reserved {
    _kib: Option<OwnedSemaphorePermit>,
}

impl Default for BodyBudget {
    fn default() -> Self {
        Self { kib: Arc::new(Semaphore::new(BUDGET_KIB as usize)) }
    }
}

impl BodyBudget {
    /// Waits until the body of this answer has a place.
    pub(super) async fn reserve(&self, response: &Response) -> Reserved {
        if response.status().is_success() {
            self.take(response.content_length()).await
        } else {
            Reserved { _kib: None }
        }
    }

    async fn take(&self, body_bytes: Option<u64>) -> Reserved {
        let kib = body_bytes.and_then(|bytes| u32::try_from(bytes.div_ceil(1024)).ok());
        let permit = Arc::clone(&self.kib).acquire_many_owned(kib.unwrap_or(BUDGET_KIB).min(BUDGET_KIB)).await;
        Reserved { _kib: Some(permit.expect("invariant: the semaphore is never closed")) }
    }
}

impl Reserved {
    /// The body, which keeps the reservation.
    pub(super) fn hold(self, body: Bytes) -> Bytes {
        Bytes::from_owner(HeldBody { body, _reserved: self })
    }
}

struct HeldBody {
    body: Bytes,
    _reserved: Reserved,
}

impl AsRef<[u8]> for HeldBody {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const MIB: u64 = 1 << 20;

    #[tokio::test]
    async fn small_answers_are_read_side_by_side_and_no_more_than_fit() {
        let budget = BodyBudget::default();
        let _three = [budget.take(Some(3 * MIB)).await, budget.take(Some(4 * MIB)).await];
        assert!(budget.take(Some(MIB + 1)).now_or_never().is_none());
        assert!(budget.take(Some(MIB)).now_or_never().is_some());
    }

    #[tokio::test]
    async fn an_answer_of_unknown_size_or_beyond_all_is_read_alone() {
        for size in [None, Some(64 * MIB), Some(u64::MAX)] {
            let budget = BodyBudget::default();
            let alone = budget.take(size).await;
            assert!(budget.take(Some(1)).now_or_never().is_none(), "{size:?}");
            drop(alone);
            let _small = budget.take(Some(1)).await;
            assert!(budget.take(size).now_or_never().is_none(), "{size:?}");
        }
    }

    #[tokio::test]
    async fn the_place_is_free_when_the_last_copy_of_the_body_is_gone() {
        let budget = BodyBudget::default();
        let body = budget.take(None).await.hold(Bytes::from_static(b"{}"));
        let (copy, part) = (body.clone(), body.slice(..1));
        assert_eq!((&body[..], &part[..]), (&b"{}"[..], &b"{"[..]));
        drop(body);
        drop(copy);
        assert!(budget.take(None).now_or_never().is_none());
        drop(part);
        assert!(budget.take(None).now_or_never().is_some());
    }
}
