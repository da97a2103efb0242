#![allow(clippy::unwrap_used)]
use google_cloud_gax::error::rpc::Status;
use google_cloud_storage::http::HeaderMap;

use super::*;

const CALL: Call<'static> = Call { action: Action::Create, name: "raw/a", bucket: "acme-raw" };

fn http(status: u16, body: &'static str) -> Error {
    Error::http(status, HeaderMap::new(), body.into())
}

fn grpc(code: Code, message: &str) -> Error {
    Error::service(Status::default().set_code(code).set_message(message))
}

#[test]
fn what_passes_is_unavailable_and_the_rest_is_refused() {
    let check = |error: Error, passes: bool| {
        let found = CALL.failed(error);
        assert_eq!(matches!(found, StoreError::Unavailable { .. }), passes, "{found:?}");
        assert!(found.to_string().starts_with("store: create raw/a: gs://acme-raw: "), "{found}");
    };
    for status in [408, 412, 429, 500, 502, 503, 504] {
        check(http(status, ""), true);
    }
    for status in [400, 401, 403, 404, 411] {
        check(http(status, ""), false);
    }
    for code in [Code::Unavailable, Code::Internal, Code::DeadlineExceeded, Code::ResourceExhausted, Code::Unknown] {
        check(grpc(code, "busy"), true);
    }
    for code in [Code::PermissionDenied, Code::Unauthenticated, Code::NotFound, Code::InvalidArgument] {
        check(grpc(code, "no"), false);
    }
    check(Error::io("connection reset"), true);
    check(Error::timeout("slow"), true);
    check(Error::connect("refused"), true);
    check(Error::deser("checksum mismatch"), true);
    check(Error::exhausted(http(503, "")), true);
    check(Error::binding("malformed"), false);
}

#[test]
fn a_bucket_that_is_there_is_told_by_either_protocol_and_is_no_object() {
    for error in
        [http(409, ""), grpc(Code::AlreadyExists, "Your previous request to create the named bucket succeeded")]
    {
        assert!(has_bucket(&error) && !is_there(&error), "{error:?}");
    }
    for error in [http(412, ""), http(403, ""), grpc(Code::PermissionDenied, "no"), grpc(Code::FailedPrecondition, "")]
    {
        assert!(!has_bucket(&error), "{error:?}");
    }
}

#[test]
fn a_missing_permission_is_named_with_the_account_the_bucket_and_the_role() {
    let message = "fetcher@acme.example.com does not have storage.objects.create access to the object.";
    let cases = [
        (Action::Create, "storage.objects.create", "roles/storage.objectCreator"),
        (Action::Read, "storage.objects.get", "roles/storage.objectViewer"),
        (Action::Delete, "storage.objects.delete", "roles/storage.objectUser"),
        (Action::List, "storage.objects.list", "roles/storage.objectViewer"),
    ];
    for (action, permission, role) in cases {
        let text = Call { action, ..CALL }.failed(grpc(Code::PermissionDenied, message)).to_string();
        let expected = [permission, role, "fetcher@acme.example.com", "gs://acme-raw"];
        assert!(expected.iter().all(|word| text.contains(word)), "{text}");
    }
}

#[test]
fn an_object_is_in_the_way_of_a_create_that_may_not_replace() {
    let replacing = "fetcher@acme.example.com does not have storage.objects.delete access to the object.";
    let creating = "fetcher@acme.example.com does not have storage.objects.create access to the object.";
    assert!(is_there(&http(412, "")));
    assert!(is_there(&grpc(Code::PermissionDenied, replacing)));
    assert!(!is_there(&grpc(Code::PermissionDenied, creating)));
    assert!(!is_there(&http(503, "")));
}
