//! The products that the vendor tells apart.

/// Products that the vendor documents.
pub(super) const KNOWN: [&str; 12] = [
    "chat",
    "chat_cowork_unified",
    "claude_code",
    "claude_console",
    "claude_design",
    "claude_in_chrome",
    "claude_tag",
    "cowork",
    "managed_agents_api",
    "message_batches_api",
    "messages_api",
    "office_agent",
];

/// Those that people use in claude.ai, which has no workspaces.
pub const OF_CLAUDE_AI: [&str; 7] =
    ["chat", "chat_cowork_unified", "cowork", "claude_design", "claude_in_chrome", "claude_tag", "office_agent"];
