//! Where a service answers HTTP, by the environment.

use crate::secret::Env;

const LISTEN: &str = "EVERYCENT_LISTEN";
/// Set by Cloud Run and its like, and by accident: it alone opens nothing beyond this machine.
const PORT: &str = "PORT";
/// The host that goes with `PORT`: 0.0.0.0 where whoever sets that one asks from outside of the container.
const HOST: &str = "EVERYCENT_LISTEN_HOST";
const LOOPBACK: &str = "127.0.0.1";

/// The host and port to listen at, and the variable that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub variable: &'static str,
    host: String,
    pub port: u16,
}

/// A variable does not say where to listen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ListenError {
    #[error("{LISTEN}: `{0}` is not host:port; write it like 127.0.0.1:8080, or 0.0.0.0:8080 to be asked from outside")]
    Address(String),
    #[error("{HOST}: `{0}` is not a host; write it like 0.0.0.0 or [::], without a port")]
    Host(String),
    #[error("{PORT}: `{0}` is not a port; set it to a number up to 65535, or set {LISTEN}")]
    Port(String),
}

impl Address {
    /// Reads `EVERYCENT_LISTEN`, and else `PORT`, which is of this machine only unless `EVERYCENT_LISTEN_HOST` says another
    /// host. `None`: no HTTP.
    pub(super) fn from_env(env: Env<'_>) -> Result<Option<Self>, ListenError> {
        let set = |name| env(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        if let Some(text) = set(LISTEN) {
            return Self::read(&text).map(Some).ok_or(ListenError::Address(text));
        }
        let Some(text) = set(PORT) else { return Ok(None) };
        let port = text.parse().map_err(|_| ListenError::Port(text))?;
        let host = set(HOST).unwrap_or_else(|| LOOPBACK.to_owned());
        let is_host = Self::read(&format!("{host}:{port}")).is_some();
        if is_host { Ok(Some(Self { variable: PORT, host, port })) } else { Err(ListenError::Host(host)) }
    }

    fn read(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let bracketed = host.starts_with('[') && host.ends_with(']');
        if host.is_empty() || host.contains('/') || (host.contains(':') && !bracketed) {
            return None;
        }
        Some(Self { variable: LISTEN, host: host.to_owned(), port: port.parse().ok()? })
    }

    /// `host:port`, to listen at.
    pub(super) fn at(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Where a process on the same machine finds it.
    pub(super) fn url(&self, path: &str) -> String {
        let host = match self.host.as_str() {
            "0.0.0.0" => "127.0.0.1",
            "[::]" => "[::1]",
            host => host,
        };
        format!("http://{host}:{}{path}", self.port)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(listen: Option<&str>, port: Option<&str>) -> Result<Option<String>, String> {
        read_with(listen, port, None)
    }

    fn read_with(listen: Option<&str>, port: Option<&str>, host: Option<&str>) -> Result<Option<String>, String> {
        let env = |name: &str| {
            let value = match name {
                LISTEN => listen,
                HOST => host,
                _ => port,
            };
            value.map(str::to_owned)
        };
        let address = Address::from_env(&env).map_err(|error| error.to_string())?;
        Ok(address.map(|address| format!("{} {} {}", address.variable, address.at(), address.url("/x"))))
    }

    #[test]
    fn the_own_variable_comes_first_and_without_any_there_is_no_http() {
        let text = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(read(None, None), Ok(None));
        assert_eq!(read(Some(" "), Some("")), Ok(None));
        assert_eq!(read(Some("127.0.0.1:1"), Some("2")), text("EVERYCENT_LISTEN 127.0.0.1:1 http://127.0.0.1:1/x"));
        assert_eq!(read(None, Some("8080")), text("PORT 127.0.0.1:8080 http://127.0.0.1:8080/x"));
        assert_eq!(read(Some("[::]:80"), None), text("EVERYCENT_LISTEN [::]:80 http://[::1]:80/x"));
        assert_eq!(read(Some("localhost:80"), None), text("EVERYCENT_LISTEN localhost:80 http://localhost:80/x"));
    }

    #[test]
    fn a_port_alone_is_open_beyond_this_machine_only_where_a_host_says_so() {
        let text = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(read_with(None, Some("80"), Some("0.0.0.0")), text("PORT 0.0.0.0:80 http://127.0.0.1:80/x"));
        assert_eq!(read_with(None, Some("80"), Some("[::]")), text("PORT [::]:80 http://[::1]:80/x"));
        assert_eq!(read_with(None, Some("80"), Some(" ")), text("PORT 127.0.0.1:80 http://127.0.0.1:80/x"));
        assert_eq!(read_with(None, None, Some("0.0.0.0")), Ok(None));
        let error = read_with(None, Some("80"), Some("0.0.0.0:80")).unwrap_err();
        assert!(error.starts_with("EVERYCENT_LISTEN_HOST: ") && error.contains("without a port"), "{error}");
    }

    #[test]
    fn what_is_no_address_is_an_error_that_shows_one() {
        for text in ["8080", ":8080", "localhost", "localhost:http", "::1:80", "127.0.0.1:65536", "http://localhost:80"]
        {
            let error = read(Some(text), None).unwrap_err();
            assert!(error.contains(text) && error.contains("127.0.0.1:8080"), "{error}");
        }
        let error = read(None, Some("tcp://10.0.0.1:80")).unwrap_err();
        assert!(error.starts_with("PORT: ") && error.contains("EVERYCENT_LISTEN"), "{error}");
    }
}
