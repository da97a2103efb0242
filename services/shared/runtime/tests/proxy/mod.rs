//! A proxy in front of an emulator that does to single requests what networks and services do. For the tests of each
//! client.
#![allow(dead_code, reason = "each client's tests use their part")]

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use everycent_runtime::google::endpoints::install_tls;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const JSON: &str = "application/json";

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is answered with this status and text, and nothing is done.
    Status(u16, &'static str),
    /// It is done, and the connection ends before the reply.
    LostReply,
    /// It is done, and a byte of the reply is another one.
    Damaged,
}

/// Requests by their method and a text in their path or their JSON, so that the same job is met however often it is asked
/// for.
pub type Which = (Method, &'static str);

/// Dropping it ends it.
#[derive(Debug)]
pub struct Proxy {
    pub url: String,
    shared: Arc<Shared>,
    _server: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    own: String,
    target: String,
    http: reqwest::Client,
    faults: Mutex<Vec<(Which, Fault)>>,
    seen: Mutex<Vec<(Method, String)>>,
}

impl Proxy {
    pub async fn before(target: String) -> Self {
        install_tls();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let (faults, seen) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { own: url.clone(), target, http, faults, seen });
        let router = Router::new().fallback(pass).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&shared));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared, _server: server }
    }

    /// The next such requests meet these faults, one each.
    pub fn plan(&self, which: Which, faults: &[Fault]) {
        self.shared.faults.lock().unwrap().extend(faults.iter().map(|fault| (which.clone(), *fault)));
    }

    /// How many such requests came.
    pub fn seen(&self, which: &Which) -> usize {
        self.requests(which).len()
    }

    /// Paths and JSON of such requests.
    pub fn requests(&self, which: &Which) -> Vec<String> {
        let seen = self.shared.seen.lock().unwrap();
        let such = seen.iter().filter(|(method, request)| is_such(which, method, request));
        such.map(|(_, request)| request.clone()).collect()
    }

    /// All that was planned has happened.
    pub fn is_done(&self) -> bool {
        self.shared.faults.lock().unwrap().is_empty()
    }
}

fn is_such((of, text): &Which, method: &Method, request: &str) -> bool {
    of == method && request.contains(text)
}

impl Shared {
    fn next_fault(&self, method: &Method, request: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let at = faults.iter().position(|(which, _)| is_such(which, method, request))?;
        Some(faults.remove(at).1)
    }

    async fn forward(&self, method: Method, uri: &Uri, mut headers: HeaderMap, body: Bytes) -> Answer {
        for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let request = self.http.request(method, format!("{}{uri}", self.target)).headers(headers).body(body);
        let response = request.send().await.unwrap();
        let (status, mut headers) = (response.status(), response.headers().clone());
        headers.remove(header::TRANSFER_ENCODING);
        // The emulator forgets its port where it says how an upload in parts goes on.
        if let Some(at) = headers.get(header::LOCATION).and_then(|at| at.to_str().ok()?.split_once("/upload/")) {
            let at = format!("{}/upload/{}", self.own, at.1);
            headers.insert(header::LOCATION, at.parse().unwrap());
        }
        (status, headers, response.bytes().await.unwrap())
    }
}

type Answer = (StatusCode, HeaderMap, Bytes);

async fn pass(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_json = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(JSON.as_bytes()));
    let json = if is_json { String::from_utf8_lossy(&body) } else { "".into() };
    let request = format!("{uri}\n{json}");
    shared.seen.lock().unwrap().push((method.clone(), request.clone()));
    let fault = shared.next_fault(&method, &request);
    if let Some(Fault::Status(status, text)) = fault {
        return (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, JSON)], text).into_response();
    }
    let (status, headers, body) = shared.forward(method, &uri, headers, body).await;
    match fault {
        // Unwinding without a message ends the connection, and nothing else.
        Some(Fault::LostReply) => resume_unwind(Box::new(())),
        Some(Fault::Damaged) => {
            let mut body = body.to_vec();
            body[0] ^= 1;
            (status, headers, body).into_response()
        }
        _ => (status, headers, body).into_response(),
    }
}
