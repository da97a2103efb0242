//! The warehouse's contract, sentence by sentence, for every body of it.
//!
//! [`warehouse_conformance!`](crate::warehouse_conformance) makes a test of each. A sentence gets an empty warehouse
//! that was migrated, and looks at it only through the port.

mod failures;
mod files;
mod fixture;
mod forgetting;
mod kept;
pub mod money;
mod people;
mod rows;
mod teams;
mod versions;
pub mod world;

pub use failures::*;
pub use files::*;
pub use fixture::Fixture;
pub use forgetting::*;
pub use kept::*;
pub use people::*;
pub use rows::*;
pub use teams::*;
pub use versions::*;

/// A test for each sentence of the contract, over the fixture that the expression makes. An attribute before it is that
/// of every test.
#[macro_export]
macro_rules! warehouse_conformance {
    (#[$attribute:meta] $fixture:expr) => {
        $crate::warehouse_conformance! { @sentences [#[$attribute]] $fixture }
    };
    ($fixture:expr) => {
        $crate::warehouse_conformance! { @sentences [] $fixture }
    };
    (@sentences $attributes:tt $fixture:expr) => {
        $crate::warehouse_conformance! { @tests $attributes $fixture;
            merging_the_same_batch_again_changes_no_row
            a_later_answer_that_says_the_same_writes_no_row
            an_older_answer_after_a_newer_one_changes_nothing
            a_replay_replaces_the_same_answer_and_loses_against_a_later_one
            an_answer_of_the_future_loses_against_any_other_whoever_comes_first
            rows_that_were_made_in_the_future_are_replaced_by_a_replay
            a_loader_whose_clock_is_behind_takes_what_was_fetched_just_now_for_no_future
            of_equal_answers_about_an_old_day_the_first_and_the_last_keep_their_lines
            a_reading_of_the_future_loses_row_by_row_against_any_other
            a_failure_of_the_future_marks_no_day_that_an_answer_came_for_and_later_ones_count_again
            several_batches_in_one_merge_each_decide_their_days
            any_order_and_any_grouping_of_the_same_batches_ends_in_the_same_tables
            a_row_that_says_something_else_is_updated_with_where_it_came_from
            a_row_that_vanished_is_deleted_and_its_neighbours_are_not
            a_bucket_that_became_empty_loses_its_rows
            rejects_of_one_source_leave_those_of_another_alone
            amounts_come_back_to_the_last_digit
            a_part_of_an_amount_is_exact_whatever_it_is_a_part_of
            a_verdict_takes_the_place_of_the_earlier_one
            a_failure_marks_its_days_until_a_later_fetch_succeeds
            a_refusal_is_no_failure_unless_the_day_was_answered_in_any_order
            failures_and_answers_in_any_order_end_the_same
            a_failure_takes_no_row_away
            an_error_in_the_second_file_leaves_nothing_of_the_first
            a_key_that_comes_twice_is_refused_in_new_and_in_known_buckets
            rows_of_lost_days_are_not_taken_from_a_file
            a_file_that_is_not_what_its_event_says_is_refused
            a_row_of_another_account_or_day_is_refused
            a_day_whose_sum_no_warehouse_holds_is_refused_by_name_and_the_others_merge
            a_sum_that_leaves_the_range_names_the_table_that_it_is_made_over
            what_a_directory_no_longer_tells_stays_with_the_time_it_was_last_told
            a_key_that_was_handed_over_has_a_row_for_each_owner_of_the_latest_upload
            a_replay_of_a_directory_that_says_the_same_changes_no_row
            readings_of_a_directory_in_any_order_and_grouping_end_in_the_same_rows
            a_reading_that_was_merged_and_lost_since_is_delivered_again_without_its_file
            what_is_forgotten_of_the_future_takes_nothing_else
            a_person_whom_a_later_answer_does_not_name_stays_known_in_any_order_and_any_grouping
            what_is_known_of_people_does_not_change_when_answers_come_again
            a_losing_answer_that_names_somebody_changes_the_row_and_says_so
            an_answer_of_the_future_names_nobody_whom_another_one_names
            rows_of_an_earlier_release_keep_the_person_that_they_have
            money_goes_to_the_team_of_the_key_else_of_the_person_on_that_day_else_to_none
            a_later_file_of_people_is_the_truth_of_all_days
            an_account_that_is_forgotten_is_gone_and_its_answers_may_come_again
        }
    };
    (@tests $attributes:tt $fixture:expr; $($sentence:ident)*) => {
        $($crate::warehouse_conformance! { @test $attributes $fixture; $sentence })*
    };
    (@test [$($attribute:tt)*] $fixture:expr; $sentence:ident) => {
        #[tokio::test]
        $($attribute)*
        async fn $sentence() {
            $crate::warehouse::conformance::$sentence(&$fixture).await;
        }
    };
}
