//! What is left when an account is forgotten.
#![allow(clippy::unwrap_used)]

use everycent_domain::vendor::Vendor;

use super::Fixture;
use super::world::{Answer, RowStore, costs, costs_of, coverage, coverage_of, held};

pub async fn an_account_that_is_forgotten_is_gone_and_its_answers_may_come_again(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let acme = Answer { rejects: vec![(0, "odd")], ..Answer::new("s1", 10, (0, 1), &[(0, "a", 1), (1, "b", 2)]) };
    let other = acme.of(1);
    store.merge(&*warehouse, &[acme.clone(), other.clone()]).await.unwrap();
    // Cursor's account of the same id is another one.
    warehouse.forget_account(Vendor::Cursor, &acme.account.into()).await.unwrap();
    assert_eq!(coverage(&*warehouse).await.len(), 4);

    warehouse.forget_account(Vendor::Anthropic, &acme.account.into()).await.unwrap();
    let (rows, known) = (costs(&*warehouse).await, coverage(&*warehouse).await);
    let rejects = warehouse.query("SELECT account_id FROM [[table:rejected_records]]").await.unwrap().rows;
    assert_eq!((costs_of(&rows, acme.account), coverage_of(&known, acme.account)), (vec![], vec![]));
    assert_eq!(costs_of(&rows, other.account), held(&[(0, "a", 1), (1, "b", 2)]));
    assert_eq!((coverage_of(&known, other.account).len(), rejects.len()), (2, 1));

    store.merge(&*warehouse, std::slice::from_ref(&acme)).await.unwrap();
    assert_eq!(costs_of(&costs(&*warehouse).await, acme.account), held(&[(0, "a", 1), (1, "b", 2)]));
}
