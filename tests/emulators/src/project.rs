/// The project that everything lies in.
pub const PROJECT: &str = "everycent-local";
