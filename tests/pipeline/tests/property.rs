//! Random worlds through random schedules: whatever happens, the tables end as the vendors' answers say.
//!
//! `PROPTEST_CASES` sets the number of cases. A failure prints the smallest schedule that still fails, and its seed is
//! kept beside this file and tried first from then on.
#![allow(clippy::unwrap_used)]

use everycent_pipeline_tests::driver;
use everycent_pipeline_tests::schedule::{Case, any_case};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseResult};

const CASES: u32 = 150;
const SHRINKS: u32 = 600;
const KEPT: &str = "tests/property.proptest-regressions";

fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let or = |name: &str, chosen: u32, ours: u32| if std::env::var_os(name).is_some() { chosen } else { ours };
    ProptestConfig {
        cases: or("PROPTEST_CASES", default.cases, CASES),
        max_shrink_iters: or("PROPTEST_MAX_SHRINK_ITERS", default.max_shrink_iters, SHRINKS),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(KEPT))),
        ..default
    }
}

fn run(case: &Case) -> anyhow::Result<Vec<&'static str>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(driver::run(case))
}

fn check(case: &Case) -> TestCaseResult {
    run(case).map(drop).map_err(|error| TestCaseError::fail(format!("{error:#}")))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn tables_end_as_the_vendors_told_them_whatever_happens_on_the_way(case in any_case()) {
        check(&case)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, ..config() })]

    #[test]
    fn a_run_is_a_function_of_its_case(case in any_case()) {
        let calls = run(&case).map_err(|error| TestCaseError::fail(format!("{error:#}")))?;
        let again = run(&case).map_err(|error| TestCaseError::fail(format!("{error:#}")))?;
        prop_assert_eq!(calls, again);
    }
}
