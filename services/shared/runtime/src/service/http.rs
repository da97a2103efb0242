//! HTTP beside the work: `/healthz` for whoever keeps the service running, `/metrics` for whoever watches it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::listen::Address;
use super::watched::Watched;
use crate::metrics::CONTENT_TYPE;
use crate::secret::Env;

const HEALTH: &str = "/healthz";
/// A service that takes longer to say how it is, is not well.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Answers until it is dropped.
pub(super) struct Server(#[expect(dead_code, reason = "it is there to be dropped")] JoinSet<io::Result<()>>);

/// Listens where the environment says; nowhere if it says nothing.
pub(super) async fn serve(watched: Arc<Watched>, env: Env<'_>) -> anyhow::Result<Option<Server>> {
    let Some(address) = Address::from_env(env)? else { return Ok(None) };
    let bound = TcpListener::bind(address.at()).await;
    let listener = bound.with_context(|| {
        let (at, variable) = (address.at(), address.variable);
        format!("can't listen at {at}, which {variable} names; end what uses it, or name another address")
    })?;
    let local = listener.local_addr().context("the address that is listened at is not known")?;
    tracing::info!(address = %local, "listening");
    let router = Router::new().route(HEALTH, get(health)).route("/metrics", get(metrics)).with_state(watched);
    let mut server = JoinSet::new();
    server.spawn(async move { axum::serve(listener, router).await });
    Ok(Some(Server(server)))
}

async fn health(State(watched): State<Arc<Watched>>) -> (StatusCode, String) {
    match watched.verdict() {
        Ok(()) => (StatusCode::OK, "ok\n".to_owned()),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", reason.replace('\n', " "))),
    }
}

async fn metrics(State(watched): State<Arc<Watched>>) -> ([(HeaderName, &'static str); 1], String) {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], watched.metrics.text())
}

/// Asks the service that runs with the same environment how it is; tells it in one line.
pub(super) async fn ask(env: Env<'_>) -> anyhow::Result<()> {
    let address = Address::from_env(env)?;
    let address =
        address.context("not asked: set EVERYCENT_LISTEN as for the service, which answers no HTTP without it")?;
    let (status, answer) = answer(&address.url(HEALTH)).await?;
    if status != reqwest::StatusCode::OK {
        anyhow::bail!("not healthy: {}", answer.trim());
    }
    println!("{}", answer.trim());
    Ok(())
}

async fn answer(url: &str) -> anyhow::Result<(reqwest::StatusCode, String)> {
    // Plain HTTP on this machine: neither TLS nor a proxy has a part in it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(ANSWER_WITHIN).build()?;
    let response = client.get(url).send().await.with_context(|| format!("no answer at {url}"))?;
    let status = response.status();
    Ok((status, response.text().await.with_context(|| format!("half an answer at {url}"))?))
}
