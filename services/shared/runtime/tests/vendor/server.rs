//! Real servers on loopback ports that answer as they are told.
#![allow(dead_code)]

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method as HttpMethod, Uri};
use axum::response::Response;
use everycent_runtime::backoff::Backoff;
use everycent_runtime::secret::Secret;
use everycent_runtime::vendor::{Auth, Method, VendorRequest, VendorSettings};
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;

pub const KEY: &str = "sk-ant-admin01-secret";

/// Settings for quick tests: three attempts, waits of a millisecond, at most 1000 bytes, waits of 5 s allowed.
pub fn settings(url: &str) -> VendorSettings {
    let auth = Auth::AnthropicKey(Secret::new(KEY));
    let mut settings = VendorSettings::new(url.parse().unwrap(), auth, "ANTHROPIC_ADMIN_KEY");
    settings.max_body_bytes = 1000;
    settings.retry.max_attempts = NonZeroU32::new(3).unwrap();
    settings.retry.base_wait = Duration::from_millis(1);
    settings.retry.limited = Backoff::NONE;
    settings.retry.max_wait = Duration::from_secs(5);
    settings
}

pub fn request() -> VendorRequest {
    VendorRequest {
        method: Method::Get,
        path: "/v1/organizations/cost_report".to_owned(),
        query: [("group_by[]", "workspace_id"), ("group_by[]", "description"), ("page", "a+b/c=")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        headers: vec![("anthropic-version", "2023-06-01".to_owned())],
        body: None,
    }
}

/// What a server answers.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    streamed: bool,
}

impl Answer {
    pub fn ok(body: &str) -> Self {
        Self::status(200, body)
    }

    pub fn status(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.to_owned(), streamed: false }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// In chunks, without its length in the head.
    pub fn streamed(self) -> Self {
        Self { streamed: true, ..self }
    }

    fn response(&self) -> Response {
        let chunks: Vec<Result<Bytes, std::io::Error>> =
            self.body.as_bytes().chunks(100).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        let body = if self.streamed { Body::from_stream(stream::iter(chunks)) } else { Body::from(self.body.clone()) };
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(*name, value);
        }
        response.body(body).unwrap()
    }
}

/// A request as a server saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: HttpMethod,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[derive(Debug, Clone)]
pub struct Server {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    answers: Arc<Vec<Answer>>,
}

impl Server {
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// Gives these answers in their order, and the last one from then on.
pub async fn scripted(answers: Vec<Answer>) -> Server {
    let (listener, address) = listen().await;
    let server = Server { url: format!("http://{address}"), seen: Arc::default(), answers: Arc::new(answers) };
    let router = Router::new().fallback(next_answer).with_state(server.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    server
}

async fn next_answer(
    State(server): State<Server>,
    method: HttpMethod,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut seen = server.seen.lock().unwrap();
    let answer = &server.answers[seen.len().min(server.answers.len() - 1)];
    seen.push(Seen { method, uri, headers, body });
    answer.response()
}

#[derive(Debug)]
pub struct RawServer {
    pub url: String,
}

/// Writes these bytes to one connection after the other, and the last ones from then on, and closes each.
pub async fn raw_server(answers: Vec<&'static str>) -> RawServer {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        for number in 0.. {
            let mut stream = accept(&listener).await;
            let answer = answers[number.min(answers.len() - 1)];
            read_head(&mut stream).await;
            // The client may be gone already.
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    RawServer { url: format!("http://{address}") }
}

/// Writes these bytes, if any, and then nothing more, leaving every connection open.
pub async fn silent_server(answer: Option<&'static str>) -> RawServer {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let mut stream = accept(&listener).await;
            if let Some(answer) = answer {
                read_head(&mut stream).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
            open.push(stream);
        }
    });
    RawServer { url: format!("http://{address}") }
}

/// Writes a body byte by byte, without end.
pub async fn dripping_server() -> RawServer {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        loop {
            let mut stream = accept(&listener).await;
            tokio::spawn(async move {
                read_head(&mut stream).await;
                let mut next: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n[";
                while stream.write_all(next).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    next = b" ";
                }
            });
        }
    });
    RawServer { url: format!("http://{address}") }
}

/// Speaks TLS with a certificate that it signed itself.
pub async fn tls_server(names: &[&str]) -> RawServer {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let own = rcgen::generate_simple_self_signed(names).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        loop {
            let stream = accept(&listener).await;
            // The client hangs up when it sees the certificate.
            let _ = acceptor.accept(stream).await;
        }
    });
    RawServer { url: format!("https://localhost:{}", address.port()) }
}

async fn listen() -> (TcpListener, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn accept(listener: &TcpListener) -> TcpStream {
    listener.accept().await.unwrap().0
}

/// Reads up to the end of a head, or to the first bytes of what is no HTTP.
async fn read_head(stream: &mut TcpStream) {
    let mut head: Vec<u8> = Vec::new();
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") && head.first().is_none_or(u8::is_ascii_uppercase) {
        match stream.read(&mut buffer).await {
            Ok(count) if count > 0 => head.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
}
