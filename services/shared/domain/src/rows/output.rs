//! What normalizing gives: row files of bounded size, rejects, remarks, and a tally for each day.

use std::collections::BTreeMap;

use everycent_schemas::events::{BatchNormalized, Bucket, Reported, RowFile};
use everycent_schemas::rowfile::RowFileWriter;
use everycent_schemas::rows::{Magnitude, RejectedRecord, Remark, Row};
use everycent_schemas::{Day, Timestamp, TokenType, Usd};
use xxhash_rust::xxh3::xxh3_128;

use super::error::NormalizeError;
use super::limits::{Limit, OutOfRange, ROW_BYTES_MAX, shortened};
use super::mend::Oddity;
use super::records::{PageContext, Position};
use super::remarks::Remarks;
use crate::identity::IdHasher;
use crate::manifest::Manifest;
use crate::objects::{ObjectName, RowsOf, row_file};
use crate::prices::PriceError;
use crate::recipe::NORMALIZER_VERSION;
use crate::report::{Kind, Weight};
use crate::room;
use crate::window::Window;
use crate::workspaces::{Place, Workspaces};

/// Size at which a row file is closed and the next part begins.
pub const PART_BYTES: usize = 2 << 20;

/// A row file that is ready to be stored.
#[derive(Debug)]
pub struct FinishedFile {
    pub object: ObjectName,
    pub body: Vec<u8>,
}

/// Collects rows and rejects of one snapshot.
pub struct Output<'a> {
    manifest: &'a Manifest,
    kind: Kind,
    recipe: String,
    normalized_at: Timestamp,
    open: BTreeMap<&'static str, RowFileWriter>,
    finished: Vec<FinishedFile>,
    files: Vec<RowFile>,
    /// Of the days that are wanted.
    tallies: BTreeMap<Day, Tally>,
    /// What the report is weighed by.
    weighs: &'static [Weight],
    /// The row that is taken, as bytes to compare it by.
    content: Vec<u8>,
    remarks: Remarks,
    /// Page and position of the record in hand.
    place: (u32, Position),
    unpriced: BTreeMap<Day, PriceError>,
    workspaces: Option<&'a Workspaces>,
    /// An id that the list of workspaces lacks.
    unlisted: Option<String>,
    /// The days that alone are wanted.
    only: Option<Window>,
}

#[derive(Debug, Clone, Default)]
struct Tally {
    rows: i64,
    rejects: i64,
    amount_usd: Option<Usd>,
    quantity: i64,
    reported: Reported,
    /// The sum of the hashes of all rows, so that their order does not matter.
    content: u128,
    filled: i64,
    magnitude: Magnitude,
}

impl<'a> Output<'a> {
    pub(crate) fn new(
        manifest: &'a Manifest,
        kind: Kind,
        weighs: &'static [Weight],
        recipe: String,
        normalized_at: Timestamp,
    ) -> Self {
        Self {
            manifest,
            kind,
            weighs,
            content: Vec::new(),
            recipe,
            normalized_at,
            open: BTreeMap::new(),
            finished: Vec::new(),
            files: Vec::new(),
            tallies: manifest.covered.iter().map(|day| (*day, Tally::default())).collect(),
            remarks: Remarks::default(),
            place: (1, Position::WholePage),
            unpriced: BTreeMap::new(),
            workspaces: None,
            unlisted: None,
            only: None,
        }
    }

    pub fn manifest(&self) -> &'a Manifest {
        self.manifest
    }

    pub fn normalized_at(&self) -> Timestamp {
        self.normalized_at
    }

    /// Says what is known of the account's workspaces.
    pub(crate) fn know(&mut self, workspaces: &'a Workspaces) {
        self.workspaces = Some(workspaces);
    }

    /// Where a record lies that reports this workspace, or none for the default one.
    pub fn workspace<'t>(&self, reported_id: Option<&'t str>) -> Place<'t>
    where
        'a: 't,
    {
        self.workspaces.map_or(Place::unknown(reported_id), |known| known.place(reported_id))
    }

    pub fn is_default_workspace(&self, id: &str) -> bool {
        self.workspaces.is_some_and(|known| known.is_default(id))
    }

    /// Like [`Self::workspace`], in a report that shows the default workspace by its id. A vendor that does not list the default workspace
    /// lists all others, so the one that is in no list is it. There is one of these: a second one is only remarked.
    pub fn workspace_by_id<'t>(&mut self, day: Day, reported_id: Option<&'t str>) -> Place<'t>
    where
        'a: 't,
    {
        let place = self.workspace(reported_id);
        let is_unlisted = |id: &&str| self.workspaces.is_some_and(|known| known.default_id.is_none() && !known.has(id));
        let Some(id) = reported_id.filter(is_unlisted) else { return place };
        if self.unlisted.get_or_insert_with(|| id.to_owned()) == id {
            let reason = format!("the list of workspaces lacks {id}, which is taken for the default workspace");
            self.remark(Some(day), "workspace_id", &reason);
            return place.by_default();
        }
        self.remark(Some(day), "workspace_id", &format!("the list of workspaces lacks {id}"));
        place
    }

    /// Whether the snapshot says something about the day.
    pub fn covers(&self, day: Day) -> bool {
        self.manifest.covered.binary_search(&day).is_ok()
    }

    /// Leaves out the other days, as if the snapshot did not cover them.
    pub(crate) fn keep_only(&mut self, from: Day, to: Day) {
        self.tallies.retain(|day, _| from <= *day && *day <= to);
        self.only = Window::new(from, to).ok();
    }

    /// Whether rows of the day are to be made.
    pub fn wants(&self, day: Day) -> bool {
        self.tallies.contains_key(&day)
    }

    /// Leaves out a day that has no price, of which nothing was taken yet.
    pub fn leave_out(&mut self, day: Day, unpriced: PriceError) {
        self.tallies.remove(&day);
        self.unpriced.insert(day, unpriced);
    }

    /// The days that were left out.
    pub(crate) fn unpriced(&self) -> &BTreeMap<Day, PriceError> {
        &self.unpriced
    }

    /// The day for which a reject counts: one whose day is not known or not covered counts for the first covered day.
    pub fn counted_for(&self, day: Option<Day>) -> Option<Day> {
        day.filter(|day| self.covers(*day)).or(self.manifest.covered.first().copied())
    }

    /// Takes a row of a covered day, if the day is wanted and can hold it beside the others.
    pub fn row<R: Row>(&mut self, day: Day, row: &R) -> Result<(), OutOfRange> {
        let magnitude = row.magnitude();
        self.fits(day, magnitude)?;
        self.is_short(row)?;
        let Some(tally) = self.tallies.get_mut(&day) else { return Ok(()) };
        tally.rows += 1;
        tally.magnitude = tally.magnitude + magnitude;
        // Neither sum is larger than the magnitude, which is far from what these numbers hold.
        tally.quantity += row.quantity();
        if let Some(amount) = row.amount() {
            tally.amount_usd = Some(tally.amount_usd.unwrap_or_default() + amount);
        }
        weigh(self.weighs, row, &mut tally.reported);
        tally.content = tally.content.wrapping_add(xxh3_128(&self.content));
        tally.filled += row.filled();
        self.append(row);
        Ok(())
    }

    /// Takes the time of an event whose row was taken, in a report of events.
    pub fn happened(&mut self, day: Day, at: Timestamp) {
        let Some(tally) = self.tallies.get_mut(&day) else { return };
        tally.reported.first_at = tally.reported.first_at.into_iter().chain([at]).min();
    }

    /// Whether the row is no longer than rows may be: asked first where a record gives several.
    pub fn is_short<R: Row>(&mut self, row: &R) -> Result<(), OutOfRange> {
        self.content.clear();
        row.content(&mut self.content);
        let bytes = self.content.len();
        if bytes > ROW_BYTES_MAX { Err(OutOfRange::Row { bytes }) } else { Ok(()) }
    }

    /// Takes what a row of a wanted day reports and is not unlearned, for the table that remembers it: no row of its own,
    /// and in no sum.
    pub fn remember<R: Row>(&mut self, day: Day, row: &R) {
        if self.wants(day) {
            self.append(row);
        }
    }

    /// Whether the day can hold rows of this magnitude beside the others: asked first where a record gives several rows,
    /// all of them or none.
    pub fn fits(&self, day: Day, rows: Magnitude) -> Result<(), OutOfRange> {
        let Some(tally) = self.tallies.get(&day) else { return Ok(()) };
        let Some(limit) = Limit::exceeded_by(tally.magnitude + rows) else { return Ok(()) };
        let (source_name, account_id) = (self.manifest.source.clone(), self.manifest.account_id.clone());
        Err(OutOfRange::Day { source_name, account_id, day, limit })
    }

    /// Takes a record that can't become a row, if the day for which it counts is wanted.
    pub fn reject(&mut self, page: &PageContext<'_>, position: Position, day: Option<Day>, reason: &str) {
        let Some(day) = self.counted_for(day).filter(|day| self.wants(*day)) else { return };
        let (position, reason) = (position.to_string(), &*shortened(reason));
        let id = IdHasher::new("reject").number(page.number.into()).part(&position).part(reason).finish().hex();
        self.tallies.entry(day).or_default().rejects += 1;
        let manifest = self.manifest;
        self.append(&RejectedRecord {
            source: &manifest.source,
            account_id: manifest.account_id.as_str(),
            activity_date: day,
            row_id: id.as_str(),
            page: i32::try_from(page.number).unwrap_or(i32::MAX),
            position: &position,
            reason,
            object: page.object.as_str(),
            snapshot_id: manifest.snapshot_id.as_str(),
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: self.normalized_at,
        });
    }

    /// Says which record is taken next: remarks are about it.
    pub fn at(&mut self, page: &PageContext<'_>, position: Position) {
        self.place = (page.number, position);
    }

    /// Takes what is odd about the record in hand and costs no row, if the day for which it counts is wanted.
    pub fn remark(&mut self, day: Option<Day>, field: &str, reason: &str) {
        let Some(day) = self.counted_for(day).filter(|day| self.wants(*day)) else { return };
        self.remarks.add(day, (&shortened(field), &shortened(reason)), self.place);
    }

    /// The same of all that was left empty of the record in hand.
    pub fn remark_all(&mut self, day: Option<Day>, oddities: &[Oddity]) {
        for Oddity { field, reason } in oddities {
            self.remark(day, field, reason);
        }
    }

    fn append_remarks(&mut self) {
        let remarks = std::mem::take(&mut self.remarks);
        let manifest = self.manifest;
        for (day, field, reason, remarked) in remarks.each() {
            if !self.wants(day) {
                continue;
            }
            let id = IdHasher::new("remark").part(field).part(reason).finish().hex();
            // A page that a remark is of is one of the manifest; if not, the snapshot is refused before.
            let page = manifest.pages.get((remarked.page as usize).saturating_sub(1));
            let row = Remark {
                source: &manifest.source,
                account_id: manifest.account_id.as_str(),
                activity_date: day,
                row_id: id.as_str(),
                field,
                reason,
                records: remarked.records,
                page: i32::try_from(remarked.page).unwrap_or(i32::MAX),
                position: &remarked.position.to_string(),
                object: page.map_or("", |page| page.object.as_str()),
                snapshot_id: manifest.snapshot_id.as_str(),
                fetched_at: manifest.fetched_at,
                ingestion_timestamp: self.normalized_at,
            };
            self.append(&row);
        }
        self.remarks = remarks;
    }

    fn append<R: Row>(&mut self, row: &R) {
        let file = self.open.entry(R::TABLE).or_insert_with(|| RowFileWriter::into::<R>(room::list()));
        file.append(row);
        if file.bytes() >= PART_BYTES {
            self.close(R::TABLE);
        }
    }

    fn close(&mut self, table: &'static str) {
        let Some(file) = self.open.remove(table) else { return };
        let part = 1 + self.files.iter().filter(|file| file.table == table).count();
        let part = u32::try_from(part).expect("invariant: fewer than four billion parts");
        let of = RowsOf {
            snapshot_id: &self.manifest.snapshot_id,
            normalized_at: self.normalized_at,
            recipe: &self.recipe,
            only: self.only,
        };
        let object = row_file(table, of, part);
        let rows = i64::try_from(file.rows()).expect("invariant: row counts fit 63 bits");
        let body = room::settle(file.finish());
        let bytes = i64::try_from(body.len()).expect("invariant: sizes fit 63 bits");
        self.files.push(RowFile { table: table.to_owned(), object: object.to_string(), rows, bytes });
        self.finished.push(FinishedFile { object, body });
    }

    pub(crate) fn take_finished(&mut self) -> Vec<FinishedFile> {
        std::mem::take(&mut self.finished)
    }

    /// Closes all files and sums up; not if every day was left out.
    pub(crate) fn finish(&mut self) -> Result<BatchNormalized, NormalizeError> {
        if let (true, Some(unpriced)) = (self.tallies.is_empty(), self.unpriced.values().next()) {
            return Err(NormalizeError::Unpriced(*unpriced));
        }
        self.append_remarks();
        let open: Vec<&'static str> = self.open.keys().copied().collect();
        for table in open {
            self.close(table);
        }
        let manifest = self.manifest;
        Ok(BatchNormalized {
            snapshot_id: manifest.snapshot_id.clone(),
            source: manifest.source.clone(),
            account_id: manifest.account_id.clone(),
            from_date: manifest.window.from(),
            to_date: manifest.window.to(),
            fetched_at: manifest.fetched_at,
            normalized_at: self.normalized_at,
            recipe: self.recipe.clone(),
            normalizer: Some(NORMALIZER_VERSION),
            rows_omitted: false,
            buckets: self.buckets(),
            files: std::mem::take(&mut self.files),
        })
    }

    /// An answer whose time is not known may be from before the day settled.
    fn is_settled(&self, day: Day) -> bool {
        let is_dated = self.manifest.redated_from.is_none() || !matches!(self.kind, Kind::Days(_));
        is_dated && self.kind.is_settled(day, self.manifest.fetched_at)
    }

    fn buckets(&self) -> Vec<Bucket> {
        let mut buckets: Vec<Bucket> = self.tallies.iter().map(|(day, tally)| self.bucket(*day, tally)).collect();
        let before_first = self.days_before_first();
        let mut reported = buckets.iter_mut().filter_map(|bucket| bucket.reported.as_mut());
        reported.by_ref().take(before_first).for_each(|reported| reported.before_first = true);
        if let Some(first) = reported.next().filter(|_| self.looks_at_first(before_first)) {
            first.before_first = first.first_at.is_some();
        }
        buckets
    }

    /// How many days at the beginning of the answer it has nothing about, while it has something about a later one. None
    /// where days at the beginning are not looked at, for nobody knows what it has about them.
    fn days_before_first(&self) -> usize {
        let is_known = |day: &&Day| self.tallies.contains_key(day) || self.unpriced.contains_key(day);
        let leading = self.empty_at_the_beginning();
        self.manifest.covered.get(leading).filter(is_known).map_or(0, |_| leading)
    }

    fn empty_at_the_beginning(&self) -> usize {
        let empty = |tally: &Tally| tally.rows == 0 && tally.rejects == 0;
        self.manifest.covered.iter().take_while(|day| self.tallies.get(day).is_some_and(empty)).count()
    }

    /// Whether the first day that the answer has something about, after so many days, is looked at.
    fn looks_at_first(&self, before_first: usize) -> bool {
        let first = self.manifest.covered.get(before_first);
        before_first == self.empty_at_the_beginning() && first.is_some_and(|first| self.tallies.contains_key(first))
    }

    /// A record that could not become a row may be the first of its day.
    fn reported(tally: &Tally) -> Reported {
        let first_at = tally.reported.first_at.filter(|_| tally.rejects == 0);
        Reported { first_at, ..tally.reported }
    }

    fn bucket(&self, day: Day, tally: &Tally) -> Bucket {
        Bucket {
            activity_date: day,
            settled: self.is_settled(day),
            rows: tally.rows,
            rejects: tally.rejects,
            amount_usd: tally.amount_usd,
            quantity: tally.quantity,
            reported: Some(Self::reported(tally)),
            content_hash: Some(format!("{:032x}", tally.content)),
            remarks: self.remarks.of_day(day),
            filled: Some(tally.filled),
        }
    }
}

/// Adds what a row reports to the figures of its day.
fn weigh<R: Row>(weighs: &[Weight], row: &R, into: &mut Reported) {
    for weight in weighs.iter().filter(|weight| weight.table() == R::TABLE) {
        match weight {
            Weight::Usd { column, .. } => {
                into.usd = Some(into.usd.unwrap_or_default() + row.money(column).unwrap_or_default());
            }
            Weight::Tokens { .. } => {
                add(&mut into.tokens, TokenType::ALL.iter().filter_map(|kind| row.integer(kind.column())));
            }
            Weight::Count { column, .. } => add(&mut into.count, row.integer(column)),
            Weight::Rows { .. } => add(&mut into.count, [1]),
        }
    }
}

/// A figure that was never added to is none, and no zero.
fn add(figure: &mut Option<i64>, numbers: impl IntoIterator<Item = i64>) {
    *figure = Some(numbers.into_iter().fold(figure.unwrap_or(0), i64::saturating_add));
}
