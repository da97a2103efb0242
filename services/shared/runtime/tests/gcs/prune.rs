//! Pruning in a bucket.

use everycent_runtime::prune::carry_out;
use everycent_runtime::store::Store;

use super::prune_world::{LEFT, fill, plan};
use super::world::{store_at, world};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn what_no_day_rests_on_goes_from_a_bucket_and_a_page_that_another_answer_shares_stays() {
    let world = world();
    let store = store_at(&world.url(), &world.bucket().await, Some("data"));
    let stored = fill(&store).await;
    let planned = plan(&store).await.unwrap();
    assert_eq!(planned.objects.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), stored.goes);
    assert_eq!(planned.objects[1].1, LEFT.len() as u64);
    carry_out(&store, &planned.objects).await.unwrap();
    assert_eq!(store.list("raw/", None, 100).await.unwrap(), stored.stays);
    assert!(plan(&store).await.unwrap().objects.is_empty());
}
