//! Which organization a key opens, as the API says it or does not.
#![allow(clippy::unwrap_used)]

mod harness;

use harness::{COST, Harness, ME};
use reqwest::Response;
use serde_json::Value;
use vendor_sim::{Options, OrganizationHeader, WhoAmI, worlds};

const ID: &str = "00000000-0000-4000-8000-000000000001";
const OTHER: &str = "00000000-0000-4000-8000-000000000002";

async fn october(options: impl FnOnce(&mut Options)) -> Harness {
    let mut world = worlds::october();
    options(&mut world.options);
    Harness::start(world).await
}

async fn ask(harness: &Harness, path: &str, key: &str) -> Response {
    let url = format!("{}{path}", harness.simulator.url());
    let query = [("starting_at", "2025-10-03T00:00:00Z"), ("ending_at", "2025-10-04T00:00:00Z")];
    let query = &query[..if path == ME { 0 } else { 2 }];
    let request = harness.client.get(url).query(query).header("anthropic-version", "2023-06-01");
    request.header("x-api-key", key).send().await.unwrap()
}

fn named(response: &Response) -> Option<&str> {
    response.headers().get("anthropic-organization-id").map(|id| id.to_str().unwrap())
}

#[tokio::test]
async fn the_endpoint_answers_in_each_way_that_a_world_names() {
    let ways = [
        (WhoAmI::Answered, 200, Some(Value::from(ID))),
        (WhoAmI::IdIsNull, 200, Some(Value::Null)),
        (WhoAmI::AnotherForm, 200, None),
        (WhoAmI::Forbidden, 403, None),
        (WhoAmI::NotFound, 404, None),
    ];
    for (way, status, id) in ways {
        let harness = october(|options| options.anthropic_me = way).await;
        let response = ask(&harness, ME, &harness.simulator.anthropic_key()).await;
        assert_eq!((response.status().as_u16(), named(&response)), (status, Some(ID)), "{way:?}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body.get("id").cloned(), id, "{way:?}");
    }
}

#[tokio::test]
async fn the_header_stands_on_the_answers_that_a_world_says() {
    let ways = [
        (OrganizationHeader::Always, [Some(ID), Some(ID)]),
        (OrganizationHeader::OnSuccess, [None, Some(ID)]),
        (OrganizationHeader::Never, [None, None]),
    ];
    for (way, expected) in ways {
        let harness = october(|options| {
            (options.anthropic_me, options.anthropic_organization_header) = (WhoAmI::Forbidden, way);
        })
        .await;
        let key = harness.simulator.anthropic_key();
        for (path, expected) in [ME, COST].into_iter().zip(expected) {
            assert_eq!(named(&ask(&harness, path, &key).await), expected, "{way:?} {path}");
        }
    }
}

#[tokio::test]
async fn each_key_opens_its_organization_and_an_unknown_one_none() {
    let keys = [("same".to_owned(), ID.to_owned()), ("other".to_owned(), OTHER.to_owned())];
    let harness = october(|options| options.anthropic_other_keys = keys.into()).await;
    for (key, id) in [("same", Some(ID)), ("other", Some(OTHER)), ("unknown", None)] {
        let response = ask(&harness, ME, key).await;
        assert_eq!((named(&response), response.status().as_u16()), (id, if id.is_some() { 200 } else { 401 }));
    }
}

#[tokio::test]
async fn a_team_has_several_keys_and_may_keep_its_members_to_itself() {
    let harness = october(|options| {
        options.cursor_other_keys = vec!["second".to_owned()];
        options.cursor_members_are_closed = true;
    })
    .await;
    let url = |path| format!("{}{path}", harness.simulator.url());
    let members = |key: &str| harness.client.get(url(harness::MEMBERS)).basic_auth(key, Some("")).send();
    assert_eq!(members("second").await.unwrap().status(), 403);
    assert_eq!(members("third").await.unwrap().status(), 401);
    harness.simulator.with_world(|world| world.options.cursor_members_are_closed = false);
    assert_eq!(members("second").await.unwrap().status(), 200);
}
