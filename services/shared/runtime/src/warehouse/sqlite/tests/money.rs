//! What the views of money give, in seeded worlds.

use super::Folder;
use crate::warehouse::conformance::money;

#[tokio::test]
async fn every_view_of_money_gives_what_its_definition_over_all_rows_gives() {
    money::every_view_of_money_gives_what_its_definition_over_all_rows_gives(&Folder::new()).await;
}

#[tokio::test]
async fn a_definition_that_is_read_before_an_answer_is_not_what_a_view_gives_after_it() {
    money::a_definition_that_is_read_before_an_answer_is_not_what_a_view_gives_after_it(&Folder::new()).await;
}
