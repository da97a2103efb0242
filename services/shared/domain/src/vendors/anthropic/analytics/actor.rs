//! Who a row of the analytics is about.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::vendors::{Address, Label, Text};

/// A user, a service account, an identity of a federated provider, or a key. Which fields there are depends on which.
#[derive(Debug, Deserialize)]
pub struct Actor<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<Label<'a>>,
    #[serde(borrow)]
    user_id: Option<Label<'a>>,
    #[serde(borrow)]
    service_account_id: Option<Label<'a>>,
    #[serde(borrow)]
    provider: Option<&'a RawValue>,
    #[serde(borrow)]
    subject: Option<Label<'a>>,
    #[serde(borrow)]
    api_key_id: Option<Label<'a>>,
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    email_address: Option<Address<'a>>,
    /// What `email_address` is called in older answers.
    #[serde(borrow)]
    email: Option<Address<'a>>,
}

/// A federated provider: its type, and the id that goes with the type.
#[derive(Deserialize)]
struct Provider<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Label<'a>>,
    #[serde(borrow)]
    account_id: Option<Label<'a>>,
    #[serde(borrow)]
    project_number: Option<Label<'a>>,
    #[serde(borrow)]
    subscription_id: Option<Label<'a>>,
    #[serde(borrow)]
    issuer: Option<Label<'a>>,
}

impl Provider<'_> {
    fn identity(&self) -> Option<String> {
        let Self { kind, account_id, project_number, subscription_id, issuer } = self;
        let ids = [account_id, project_number, subscription_id, issuer];
        let id = ids.into_iter().find_map(|id| id.as_deref())?;
        Some(format!("{}:{id}", kind.as_deref()?))
    }
}

impl Actor<'_> {
    pub fn id(&self) -> Option<&str> {
        [&self.user_id, &self.service_account_id, &self.subject, &self.api_key_id]
            .into_iter()
            .find_map(|id| id.as_deref())
    }

    pub fn email(&self) -> Option<&str> {
        [&self.email_address, &self.email].into_iter().flatten().find_map(Address::person)
    }

    /// What tells federated providers apart: text in early answers, an object since. A shape that is not known stands
    /// for itself, so that it never costs the row.
    pub fn provider(&self) -> Option<Cow<'_, str>> {
        let raw = self.provider?.get();
        if let Ok(text) = serde_json::from_str::<Text<'_>>(raw) {
            return Some(Cow::Owned(text.to_string()));
        }
        let identity = serde_json::from_str::<Provider<'_>>(raw).ok().and_then(|provider| provider.identity());
        Some(identity.map_or(Cow::Borrowed(raw), Cow::Owned))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn provider(json: &str) -> Option<String> {
        let actor = format!(r#"{{"type":"federated_actor","provider":{json},"subject":null}}"#);
        serde_json::from_str::<Actor<'_>>(&actor).unwrap().provider().map(Cow::into_owned)
    }

    #[test]
    fn a_provider_is_its_type_and_the_id_of_that_type_in_every_shape() {
        for (json, identity) in [
            (r#""okta""#, "okta"),
            (r#"{"type":"aws","account_id":"123","signed_principal":"arn"}"#, "aws:123"),
            (r#"{"type":"gcp","project_number":"77"}"#, "gcp:77"),
            (r#"{"type":"azure","subscription_id":"s-1"}"#, "azure:s-1"),
            (r#"{"type":"oidc","issuer":"https://issuer.example.com"}"#, "oidc:https://issuer.example.com"),
            (r#"{"type":"new","thing":1}"#, r#"{"type":"new","thing":1}"#),
            ("7", "7"),
        ] {
            assert_eq!(provider(json).as_deref(), Some(identity), "{json}");
        }
        assert_eq!(provider("null"), None);
    }
}
