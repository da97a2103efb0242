//! Pruning, whatever fails on the way.
#![allow(clippy::unwrap_used)]

#[path = "prune/world.rs"]
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use everycent_runtime::faults::{Fault, Faults};
use everycent_runtime::prune::carry_out;
use everycent_runtime::store::Store;
use everycent_runtime::store::memory::MemoryStore;
use everycent_runtime::store::unreliable::UnreliableStore;

use world::{fill, plan};

#[tokio::test]
async fn what_no_day_rests_on_goes_and_a_page_that_another_answer_shares_stays() {
    let store = MemoryStore::default();
    let stored = fill(&store).await;
    let planned = plan(&store).await.unwrap();
    assert_eq!(planned.objects.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), stored.goes);
    assert_eq!((planned.windows.len(), planned.kept.needed, planned.unknown_days.len()), (1, 1, 0));
    carry_out(&store, &planned.objects).await.unwrap();
    assert_eq!(store.list("", None, 100).await.unwrap(), stored.stays);
    assert!(plan(&store).await.unwrap().objects.is_empty());
}

#[tokio::test]
async fn a_prune_that_fails_at_any_delete_is_ended_by_the_next_one() {
    for (fault, failing) in [(Fault::Before, 0), (Fault::After, 0), (Fault::Before, 1), (Fault::After, 1)] {
        let inner = MemoryStore::default();
        let stored = fill(&inner).await;
        let deletes = Arc::new(AtomicUsize::new(0));
        let plan_of_faults = move |operation: &str| {
            let is_it = operation == "delete" && deletes.fetch_add(1, Ordering::SeqCst) == failing;
            if is_it { fault } else { Fault::None }
        };
        let store = UnreliableStore::new(Arc::new(inner.clone()), Faults::new(plan_of_faults));
        carry_out(&store, &plan(&store).await.unwrap().objects).await.unwrap_err();
        let left = inner.list("", None, 100).await.unwrap();
        assert!(stored.stays.iter().all(|name| left.contains(name)), "{fault:?} {failing}: {left:?}");
        carry_out(&store, &plan(&store).await.unwrap().objects).await.unwrap();
        assert_eq!(inner.list("", None, 100).await.unwrap(), stored.stays, "{fault:?} {failing}");
    }
}
