//! The slugs behind the numbers in records: what is needed to say resource names.

use super::App;
use crate::names;
use crate::refusal::{Refusal, of_store};
use resync_core::id::{JobId, Slug, StructureId, SynchronizerId, TrackerId};
use resync_core::synchronizer::State;
use resync_store::{SynchronizerFilter, SynchronizerRecord, settings_hash};

/// The names of a structure, of its synchronizers, and of all trackers. Loaded for each call, so
/// that they are never older than the records that they are shown with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Labels {
    /// The structure.
    pub(crate) structure: Slug,
    /// With their resource names, which are said for every row.
    synchronizers: Vec<(SynchronizerId, String)>,
    trackers: Vec<(TrackerId, String)>,
    /// The names of the synchronizers that follow their trackers.
    following: Vec<String>,
}

impl Labels {
    /// Loads them.
    pub(crate) async fn load(
        app: &App,
        structure: StructureId,
        slug: &Slug,
    ) -> Result<Labels, Refusal> {
        let filter = SynchronizerFilter {
            structure: Some(structure),
            ..Default::default()
        };
        let name = names::structure(slug);
        let store_error = |error| of_store(error, &name);
        let synchronizers = app
            .store
            .list_synchronizers(filter)
            .await
            .map_err(store_error)?;
        let following = following(&synchronizers, slug);
        let trackers = app.store.list_trackers().await.map_err(store_error)?;
        Ok(Labels {
            structure: slug.clone(),
            synchronizers: synchronizers
                .into_iter()
                .map(|one| (one.id, names::synchronizer(slug, &one.slug)))
                .collect(),
            trackers: trackers
                .into_iter()
                .map(|one| (one.id, names::tracker(&one.slug)))
                .collect(),
            following,
        })
    }

    /// The name of the structure.
    pub(crate) fn structure_name(&self) -> String {
        names::structure(&self.structure)
    }

    /// The name of a job of the structure.
    pub(crate) fn job_name(&self, job: JobId) -> String {
        names::job(&self.structure, job)
    }

    /// The name of a synchronizer of the structure; empty when it was removed.
    pub(crate) fn synchronizer_name(&self, id: SynchronizerId) -> String {
        let found = self.synchronizers.iter().find(|(one, _)| *one == id);
        found.map_or_else(String::new, |(_, name)| name.clone())
    }

    /// The names of the synchronizers that take part in incremental syncs, as installed.
    pub(crate) fn following(&self) -> &[String] {
        &self.following
    }

    /// The name of a tracker; empty when it was deleted.
    pub(crate) fn tracker_name(&self, id: TrackerId) -> String {
        let found = self.trackers.iter().find(|(one, _)| *one == id);
        found.map_or_else(String::new, |(_, name)| name.clone())
    }
}

/// Those that are enabled and were resynced with the settings that they have.
fn following(synchronizers: &[SynchronizerRecord], structure: &Slug) -> Vec<String> {
    let follows = |one: &&SynchronizerRecord| {
        let resynced = one.base_settings_hash == Some(settings_hash(&one.rule.settings));
        one.state == State::Enabled && resynced
    };
    let mut found: Vec<&SynchronizerRecord> = synchronizers.iter().filter(follows).collect();
    found.sort_unstable_by_key(|one| one.ordinal);
    let name = |one: &SynchronizerRecord| names::synchronizer(structure, &one.slug);
    found.into_iter().map(name).collect()
}
