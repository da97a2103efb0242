//! Reading members: one record for each person of the team. The vendor's ids came late, and changed their form.

use std::borrow::Cow;
use std::collections::HashMap;

use everycent_schemas::rows::CursorMember;
use serde::Deserialize;

use super::pager::List;
use crate::rows::{Mended, NormalizeError, Output, PageContext, PageText, Position, Read, RowMaker, mend_openly};
use crate::vendors::cursor::instant::Moment;
use crate::vendors::cursor::seat_reading::SeatReading;
use crate::vendors::cursor::user_id::UserId;
use crate::vendors::{Address, Flag, Label, Text};

/// Makes rows of members.
pub struct MemberRows;

/// The records of the page so far, by id.
type Seen<'p> = HashMap<String, MemberRecord<'p>>;

impl RowMaker for MemberRows {
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        let list = List::read(body).map_err(|reason| page.not_whole(reason))?;
        let mut seen = Seen::new();
        let reads = |text: &str| serde_json::from_str::<MemberRecord<'_>>(text).map(drop);
        let mended: Vec<_> = list.members.iter().map(|raw| mend_openly(raw, reads)).collect();
        for (index, mended) in mended.iter().enumerate() {
            output.at(page, Position::InList(list.name, index));
            let outcome = mended.as_ref().map_err(Clone::clone).map(Mended::read);
            let outcome = outcome.and_then(|Read { record, oddities }| {
                take(record, &mut seen, output)?;
                output.remark_all(None, oddities);
                Ok(())
            });
            if let Err(reason) = outcome {
                output.reject(page, Position::InList(list.name, index), None, &reason);
            }
        }
        Ok(())
    }
}

fn take<'p>(record: MemberRecord<'p>, seen: &mut Seen<'p>, output: &mut Output<'_>) -> Result<(), String> {
    let manifest = output.manifest();
    let email = record.email.as_ref().and_then(Address::person);
    let id = record.id.as_ref().map(UserId::text).or(email.map(Cow::Borrowed));
    let id = id.ok_or("it has neither `id` nor `email`")?;
    if email.is_none() {
        output.remark(None, "email", "it is empty; the member is known by the id alone");
    }
    match seen.get(&*id) {
        Some(twin) if *twin == record => return Ok(()),
        Some(_) => return Err("a second member of the same id".into()),
        None => {}
    }
    let is_removed = record.is_removed.map(|Flag(is_removed)| is_removed);
    let row = CursorMember {
        account_id: manifest.account_id.as_str(),
        member_id: &id,
        email,
        name: record.name.as_deref(),
        role: record.role.as_deref(),
        is_removed,
        last_seen_at: manifest.fetched_at,
        snapshot_id: manifest.snapshot_id.as_str(),
        fetched_at: manifest.fetched_at,
        ingestion_timestamp: output.normalized_at(),
    };
    // The day of the reading is the bucket that it answers.
    output.row(manifest.window.from(), &row)?;
    let reading = SeatReading {
        member_id: &id,
        email,
        role: record.role.as_deref(),
        billing_tier: record.billing_tier.as_deref(),
        is_removed,
        removed_on: record.removed_at.map(|Moment(at)| at.day()),
    };
    reading.keep(output);
    let id = id.into_owned();
    seen.insert(id, record);
    Ok(())
}

/// One person. Fields that the vendor adds are left in the page.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MemberRecord<'a> {
    #[serde(borrow)]
    id: Option<UserId<'a>>,
    #[serde(borrow)]
    email: Option<Address<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    role: Option<Text<'a>>,
    is_removed: Option<Flag>,
    #[serde(borrow)]
    billing_tier: Option<Label<'a>>,
    removed_at: Option<Moment>,
}
