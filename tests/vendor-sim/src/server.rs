//! The running server: one port for both vendors, on loopback unless it is told otherwise.
//!
//! Owns the socket, the lock on the world and the record of requests. It must never know what an endpoint says.

mod delivery;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use chrono::Utc;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::endpoint::{Endpoint, Vendor};
use crate::exchange::{Reply, Request};
use crate::faults::{Delivery, Fault, Ledger, Outgoing};
use crate::rate_limit::{Limited, RateLimit};
use crate::world::World;
use crate::{anthropic, cursor};

const MAX_REQUEST_BYTES: usize = 1 << 20;
const PATIENCE_AT_STOP: Duration = Duration::from_secs(1);

/// A running simulator. Dropping it stops it.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    /// Dropped to stop the server.
    running: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// A request as it was received and answered. It holds no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// None for a path or method that is not simulated.
    pub endpoint: Option<Endpoint>,
    pub method: String,
    pub path: String,
    /// Decoded, in the order in which they came.
    pub query: Vec<(String, String)>,
    /// None if there was none or it was not JSON.
    pub body: Option<Value>,
    pub status: u16,
    /// The page that the faultless answer holds; none for a refusal.
    pub page: Option<u32>,
    /// The faults that hit it, as text.
    pub faults: Vec<String>,
}

#[derive(Debug)]
struct Shared {
    world: World,
    faults: Ledger,
    rate_limit: RateLimit,
    over_the_rate: usize,
    /// Answers that are held back now, and the most that were at once.
    held: usize,
    held_at_most: usize,
    /// Changed whenever held answers set out.
    release: watch::Sender<()>,
    requests: Vec<RequestRecord>,
}

/// An answer that is held back.
struct Held(Arc<Mutex<Shared>>);

impl Drop for Held {
    fn drop(&mut self) {
        lock(&self.0).held -= 1;
    }
}

impl Simulator {
    /// Serves the world on a free loopback port, on the runtime that it is called from.
    pub async fn start(world: World) -> std::io::Result<Simulator> {
        Simulator::start_at(world, (Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// The same at a given address; port 0 is any free one.
    pub async fn start_at(world: World, address: SocketAddr) -> std::io::Result<Simulator> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Mutex::new(Shared::new(world)));
        let app = Router::new().fallback(handle).with_state(Arc::clone(&shared));
        let (running, stopped) = oneshot::channel::<()>();
        let listener = listener.tap_io(|stream| {
            let _is_only_a_wish = stream.set_nodelay(true);
        });
        let task = tokio::spawn(async move {
            let until = async {
                let _sender_gone = stopped.await;
            };
            let _never_fails = axum::serve(listener, app).with_graceful_shutdown(until).await;
        });
        Ok(Simulator { address, shared, running: Some(running), task })
    }

    /// Base address of both vendors, such as `http://127.0.0.1:4711`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn anthropic_key(&self) -> String {
        self.shared().world.options.anthropic_key.clone()
    }

    pub fn cursor_key(&self) -> String {
        self.shared().world.options.cursor_key.clone()
    }

    /// The key of the organization on claude.ai, where the world has one.
    pub fn enterprise_key(&self) -> Option<String> {
        self.shared().world.enterprise.as_ref().map(|enterprise| enterprise.key.clone())
    }

    /// Reads or changes the world. No request is answered meanwhile.
    pub fn with_world<R>(&self, f: impl FnOnce(&mut World) -> R) -> R {
        f(&mut self.shared().world)
    }

    /// Adds a fault. Panics if its kind means nothing at its endpoint, since a fault without effect proves nothing.
    pub fn inject(&self, fault: Fault) {
        assert!(fault.is_possible(), "the fault {fault} means nothing at its endpoint");
        self.shared().faults.inject(fault);
    }

    /// Nothing goes wrong any more, and answers that are held back set out.
    pub fn clear_faults(&self) {
        let mut shared = self.shared();
        shared.faults.clear();
        shared.release.send_replace(());
    }

    /// Answers that are held back now.
    pub fn held(&self) -> usize {
        self.shared().held
    }

    /// The most answers that were held back at once.
    pub fn held_at_most(&self) -> usize {
        self.shared().held_at_most
    }

    /// Requests that were more than a vendor takes in a minute.
    pub fn over_the_rate(&self) -> usize {
        self.shared().over_the_rate
    }

    /// Everything that was asked so far.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared().requests.clone()
    }

    /// Stops taking requests; answers under way have a second to end.
    pub async fn stop(mut self) {
        self.running.take();
        if tokio::time::timeout(PATIENCE_AT_STOP, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }
}

impl Shared {
    fn new(world: World) -> Shared {
        Shared {
            world,
            faults: Ledger::default(),
            rate_limit: RateLimit::default(),
            over_the_rate: 0,
            held: 0,
            held_at_most: 0,
            release: watch::Sender::new(()),
            requests: Vec::new(),
        }
    }

    /// What tells that the answer may set out.
    fn hold(&mut self) -> watch::Receiver<()> {
        self.held += 1;
        self.held_at_most = self.held_at_most.max(self.held);
        self.release.subscribe()
    }

    fn respond(&mut self, mut request: Request) -> Outgoing {
        request.number = self.requests.len() as u64 + 1;
        let endpoint = Endpoint::find(&request.method, &request.path);
        let answer = |world: &World, request: &Request| answer(endpoint, world, request);
        let mut reply = answer(&self.world, &request);
        if let Some(endpoint) = endpoint.filter(|endpoint| self.is_over_the_rate(*endpoint, &reply)) {
            self.over_the_rate += 1;
            reply = rate_limited(endpoint, &request);
        }
        let covers = reply.covers;
        let mut outgoing = Outgoing::whole(reply);
        let mut hit_by = Vec::new();
        if let Some(endpoint) = endpoint {
            for fault in self.faults.fire(endpoint, &request, covers) {
                outgoing.suffer(&fault, endpoint, &request, &mut self.world, answer);
                hit_by.push(fault.to_string());
            }
        }
        self.requests.push(RequestRecord {
            endpoint,
            method: request.method,
            path: request.path,
            query: request.query,
            body: serde_json::from_slice(&request.body).ok(),
            status: outgoing.reply.status,
            page: covers.map(|covers| covers.page),
            faults: hit_by,
        });
        outgoing.reply.headers.push(("date", self.world.options.clock.date_header(Utc::now())));
        outgoing
    }

    /// A refused key is not counted.
    fn is_over_the_rate(&mut self, endpoint: Endpoint, reply: &Reply) -> bool {
        let Some(limited) = Limited::of(endpoint).filter(|_| reply.status != 401) else {
            return false;
        };
        !self.rate_limit.admits(limited, &self.world.options, Instant::now())
    }
}

fn rate_limited(endpoint: Endpoint, request: &Request) -> Reply {
    match endpoint.vendor() {
        Vendor::Anthropic => anthropic::failure(429, request.number),
        Vendor::Cursor => cursor::rate_limited(),
    }
}

fn answer(endpoint: Option<Endpoint>, world: &World, request: &Request) -> Reply {
    match Vendor::of_path(&request.path) {
        Vendor::Anthropic => anthropic::answer(endpoint, world, request),
        Vendor::Cursor => cursor::answer(endpoint, world, request),
    }
}

async fn handle(State(shared): State<Arc<Mutex<Shared>>>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    match axum::body::to_bytes(body, MAX_REQUEST_BYTES).await {
        Ok(body) => {
            let request = read(&parts, body.to_vec());
            let (outgoing, latency, held) = {
                let mut shared = lock(&shared);
                let outgoing = shared.respond(request);
                let held = outgoing.is_held.then(|| shared.hold());
                (outgoing, shared.world.options.latency, held)
            };
            if let Some(mut release) = held {
                let _held = Held(Arc::clone(&shared));
                let _or_the_simulator_is_gone = release.changed().await;
            }
            if !latency.is_zero() {
                tokio::time::sleep(latency).await;
            }
            delivery::send(outgoing)
        }
        Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    }
}

fn read(parts: &Parts, body: Vec<u8>) -> Request {
    let query = Query::try_from_uri(&parts.uri).map(|Query(pairs)| pairs).unwrap_or_default();
    Request {
        number: 0,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query,
        headers: headers(&parts.headers),
        body,
    }
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned()))).collect()
}

/// A panic of a test inside `with_world` must not hide behind a poisoned lock.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
