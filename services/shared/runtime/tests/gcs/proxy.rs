//! A proxy in front of the emulator that does to single requests what networks and services do.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::world::install_tls;

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is answered with this status, and nothing is done.
    Status(u16, &'static str),
    /// It is done, and the connection ends before the reply.
    LostReply,
    /// It is done, and a byte of the reply is another one.
    Damaged,
}

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
    faults: Mutex<Vec<(Method, Fault)>>,
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

    /// The next requests of this method meet these faults, one each.
    pub fn plan(&self, method: Method, faults: &[Fault]) {
        self.shared.faults.lock().unwrap().extend(faults.iter().map(|fault| (method.clone(), *fault)));
    }

    /// How many requests of this method came.
    pub fn seen(&self, method: &Method) -> usize {
        self.requests(method).len()
    }

    /// Paths and queries of the requests of this method.
    pub fn requests(&self, method: &Method) -> Vec<String> {
        let seen = self.shared.seen.lock().unwrap();
        seen.iter().filter(|(of, _)| of == method).map(|(_, path)| path.clone()).collect()
    }

    /// All that was planned has happened.
    pub fn is_done(&self) -> bool {
        self.shared.faults.lock().unwrap().is_empty()
    }
}

impl Shared {
    fn next_fault(&self, method: &Method) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let at = faults.iter().position(|(of, _)| of == method)?;
        Some(faults.remove(at).1)
    }

    async fn forward(
        &self,
        method: Method,
        uri: &Uri,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> (StatusCode, HeaderMap, Bytes) {
        for name in ["host", "content-length", "transfer-encoding"] {
            headers.remove(name);
        }
        let request = self.http.request(method, format!("{}{uri}", self.target)).headers(headers).body(body);
        let response = request.send().await.unwrap();
        let (status, mut headers) = (response.status(), response.headers().clone());
        headers.remove("transfer-encoding");
        // The emulator forgets its port where it says how an upload in parts goes on.
        if let Some(at) = headers.get("location").and_then(|at| at.to_str().ok()?.split_once("/upload/")) {
            let at = format!("{}/upload/{}", self.own, at.1);
            headers.insert("location", at.parse().unwrap());
        }
        (status, headers, response.bytes().await.unwrap())
    }
}

async fn pass(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    shared.seen.lock().unwrap().push((method.clone(), uri.to_string()));
    let fault = shared.next_fault(&method);
    if let Some(Fault::Status(status, text)) = fault {
        return (StatusCode::from_u16(status).unwrap(), text).into_response();
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
