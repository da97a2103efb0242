/// Made up, like everything of this organization.
pub(super) const ORGANIZATION_ID: &str = "00000000-0000-4000-8000-000000000001";
