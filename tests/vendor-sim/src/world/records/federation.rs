//! An identity that a cloud or an identity provider vouches for.
//!
//! Owns what is known of it. It must never know which key it stands behind.

/// An identity from outside the organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Federation {
    pub provider: IdentityProvider,
    /// None where the provider names none, as Azure may.
    pub subject: Option<String>,
}

/// Who vouches for an identity; each kind has ids of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityProvider {
    Aws { account_id: String, signed_principal: String },
    Gcp { project_number: String },
    Azure { subscription_id: String },
    Oidc { issuer: String },
}
