//! A row of `synchronizers`.

use crate::blob::{from_json, from_json_opt, to_json};
use crate::codes::Code;
use crate::error::Error;
use crate::schema::synchronizers;
use crate::synchronizer::{NewSynchronizer, SynchronizerRecord};
use diesel::{Insertable, Queryable, Selectable};
use resync_core::id::{Principal, Slug, StructureId, SynchronizerId, TrackerId, Uid};
use resync_core::synchronizer::{Rule, State};
use resync_core::time::Timestamp;

#[derive(Queryable, Selectable)]
#[diesel(table_name = synchronizers)]
pub(crate) struct SynchronizerRow {
    id: i64,
    structure: i64,
    slug: String,
    uid: String,
    ordinal: i64,
    display_name: String,
    tracker: i64,
    settings: String,
    state: String,
    run_as: String,
    last_error: Option<String>,
    base_settings_hash: Option<String>,
    last_resync_time: Option<i64>,
    create_time: i64,
    update_time: i64,
    etag: i64,
}

impl TryFrom<SynchronizerRow> for SynchronizerRecord {
    type Error = Error;

    fn try_from(row: SynchronizerRow) -> Result<Self, Error> {
        Ok(Self {
            id: SynchronizerId(row.id),
            structure: StructureId(row.structure),
            slug: Slug::new(row.slug),
            uid: Uid::new(row.uid),
            ordinal: row.ordinal,
            display_name: row.display_name,
            rule: Rule {
                tracker: TrackerId(row.tracker),
                settings: from_json(&row.settings, "the settings of a synchronizer")?,
            },
            state: State::from_code(&row.state)?,
            run_as: Principal::new(row.run_as),
            last_error: from_json_opt(row.last_error.as_deref(), "the error of a synchronizer")?,
            base_settings_hash: row.base_settings_hash,
            last_resync_time: row.last_resync_time.map(Timestamp),
            create_time: Timestamp(row.create_time),
            update_time: Timestamp(row.update_time),
            etag: row.etag.to_string(),
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = synchronizers)]
pub(crate) struct NewSynchronizerRow<'a> {
    structure: i64,
    slug: &'a str,
    uid: &'a str,
    ordinal: i64,
    display_name: &'a str,
    tracker: i64,
    settings: String,
    state: &'static str,
    run_as: &'a str,
    create_time: i64,
    update_time: i64,
    etag: i64,
}

impl<'a> NewSynchronizerRow<'a> {
    pub(crate) fn new(new: &'a NewSynchronizer, ordinal: i64) -> Result<Self, Error> {
        Ok(Self {
            structure: new.structure.0,
            slug: new.slug.as_str(),
            uid: new.uid.as_str(),
            ordinal,
            display_name: &new.display_name,
            tracker: new.rule.tracker.0,
            settings: to_json(&new.rule.settings)?,
            state: State::Disabled.code(),
            run_as: new.run_as.as_str(),
            create_time: new.time.0,
            update_time: new.time.0,
            etag: 1,
        })
    }
}
