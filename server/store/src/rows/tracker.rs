//! A row of `trackers`.

use crate::blob::{from_json, from_json_opt, to_json};
use crate::codes::Code;
use crate::error::Error;
use crate::schema::trackers;
use crate::tracker::{NewTracker, Product, TrackerRecord, TrackerSettings, TrackerState};
use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use resync_core::id::{Slug, TrackerId, Uid};
use resync_core::time::Timestamp;

#[derive(Queryable, Selectable)]
#[diesel(table_name = trackers)]
pub(crate) struct TrackerRow {
    id: i64,
    slug: String,
    uid: String,
    display_name: String,
    product: String,
    base_uri: String,
    credential: String,
    limits: String,
    state: String,
    last_error: Option<String>,
    last_contact_time: Option<i64>,
    create_time: i64,
    update_time: i64,
    etag: i64,
}

impl TryFrom<TrackerRow> for TrackerRecord {
    type Error = Error;

    fn try_from(row: TrackerRow) -> Result<Self, Error> {
        Ok(Self {
            id: TrackerId(row.id),
            slug: Slug::new(row.slug),
            uid: Uid::new(row.uid),
            settings: TrackerSettings {
                display_name: row.display_name,
                product: Product::from_code(&row.product)?,
                base_uri: row.base_uri,
                credential: row.credential,
                limits: from_json(&row.limits, "the limits of a tracker")?,
            },
            state: TrackerState::from_code(&row.state)?,
            last_error: from_json_opt(row.last_error.as_deref(), "the error of a tracker")?,
            last_contact_time: row.last_contact_time.map(Timestamp),
            create_time: Timestamp(row.create_time),
            update_time: Timestamp(row.update_time),
            etag: row.etag.to_string(),
        })
    }
}

/// The columns that people set.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = trackers)]
pub(crate) struct SettingsColumns<'a> {
    display_name: &'a str,
    product: &'a str,
    base_uri: &'a str,
    credential: &'a str,
    limits: String,
    state: &'a str,
    update_time: i64,
    etag: i64,
}

impl<'a> SettingsColumns<'a> {
    /// Settings as they are written: whatever was known of the connection is unchecked again.
    pub(crate) fn new(
        settings: &'a TrackerSettings,
        etag: i64,
        time: Timestamp,
    ) -> Result<Self, Error> {
        Ok(Self {
            display_name: &settings.display_name,
            product: settings.product.code(),
            base_uri: &settings.base_uri,
            credential: &settings.credential,
            limits: to_json(&settings.limits)?,
            state: TrackerState::Unchecked.code(),
            update_time: time.0,
            etag,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = trackers)]
pub(crate) struct NewTrackerRow<'a> {
    slug: &'a str,
    uid: &'a str,
    create_time: i64,
    #[diesel(embed)]
    settings: SettingsColumns<'a>,
}

impl<'a> NewTrackerRow<'a> {
    pub(crate) fn new(new: &'a NewTracker) -> Result<Self, Error> {
        Ok(Self {
            slug: new.slug.as_str(),
            uid: new.uid.as_str(),
            create_time: new.time.0,
            settings: SettingsColumns::new(&new.settings, 1, new.time)?,
        })
    }
}
