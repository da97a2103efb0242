//! The columns of the sheet.

use crate::vendors::upload::sheet::Column;

pub(super) const EMAIL: Column = Column::required("email");
pub(super) const ALIASES: Column = Column::optional("aliases");
pub(super) const NAME: Column = Column::optional("name");
pub(super) const TEAM: Column = Column::optional("team");
pub(super) const COST_CENTER: Column = Column::optional("cost_center");
pub(super) const MANAGER: Column = Column::optional("manager");
pub(super) const CLAUDE_SEAT: Column = Column::optional("claude_seat");
pub(super) const CURSOR_SEAT: Column = Column::optional("cursor_seat");
pub(super) const VALID_FROM: Column = Column::optional("valid_from");
pub(super) const VALID_TO: Column = Column::optional("valid_to");
pub(super) const COLUMNS: [Column; 10] =
    [EMAIL, ALIASES, NAME, TEAM, COST_CENTER, MANAGER, CLAUDE_SEAT, CURSOR_SEAT, VALID_FROM, VALID_TO];
