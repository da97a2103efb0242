//! A proxy in front of the emulator that does to single requests what networks and services do.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::world::install_tls;

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is answered with this status and JSON, and nothing is done.
    Status(u16, &'static str),
    /// It is done, and the connection ends before the reply.
    LostReply,
}

/// A request by its method and a text in its path or its body, so that the same job is met however often it is asked
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
        let (faults, seen) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { target, http: reqwest::Client::new(), faults, seen });
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

    /// Paths and bodies of such requests.
    pub fn requests(&self, (method, text): &Which) -> Vec<String> {
        let seen = self.shared.seen.lock().unwrap();
        let such = seen.iter().filter(|(of, request)| of == method && request.contains(text));
        such.map(|(_, request)| request.clone()).collect()
    }

    /// All that was planned has happened.
    pub fn is_done(&self) -> bool {
        self.shared.faults.lock().unwrap().is_empty()
    }
}

impl Shared {
    fn next_fault(&self, method: &Method, request: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let at = faults.iter().position(|((of, text), _)| of == method && request.contains(text))?;
        Some(faults.remove(at).1)
    }

    async fn forward(&self, method: Method, uri: &Uri, mut headers: HeaderMap, body: Bytes) -> Response {
        for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let request = self.http.request(method, format!("{}{uri}", self.target)).headers(headers).body(body);
        let response = request.send().await.unwrap();
        let (status, mut headers) = (response.status(), response.headers().clone());
        headers.remove(header::TRANSFER_ENCODING);
        (status, headers, response.bytes().await.unwrap()).into_response()
    }
}

async fn pass(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = format!("{uri}\n{}", String::from_utf8_lossy(&body));
    shared.seen.lock().unwrap().push((method.clone(), request.clone()));
    match shared.next_fault(&method, &request) {
        Some(Fault::Status(status, text)) => {
            let json = [(header::CONTENT_TYPE, "application/json")];
            (StatusCode::from_u16(status).unwrap(), json, text).into_response()
        }
        Some(Fault::LostReply) => {
            shared.forward(method, &uri, headers, body).await;
            // Unwinding without a message ends the connection, and nothing else.
            resume_unwind(Box::new(()))
        }
        None => shared.forward(method, &uri, headers, body).await,
    }
}
