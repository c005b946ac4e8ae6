//! What a synchronizer has a say in together with others, by name.
//!
//! What it is not: the rules of that; see [`resync_core::overlap`].

use super::SynchronizerView;
use crate::app::App;
use crate::names;
use crate::refusal::{Refusal, of_store};
use resync_core::id::SynchronizerId;
use resync_core::overlap::{Contention, overlaps};
use resync_core::synchronizer::{PlannedSynchronizer, State};
use resync_store::{SynchronizerFilter, SynchronizerRecord};

/// Two synchronizers, one of them the one that was asked about, by their resource names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedOverlap {
    pub(crate) first: String,
    pub(crate) second: String,
    pub(crate) contention: Contention,
    pub(crate) outcome: &'static str,
}

/// What a synchronizer, which may not be installed yet, has a say in together with others of its
/// structure.
pub(crate) async fn overlaps_of(
    app: &App,
    asked: &SynchronizerView,
) -> Result<Vec<NamedOverlap>, Refusal> {
    let own = &asked.record;
    let filter = SynchronizerFilter {
        structure: Some(own.structure),
        ..Default::default()
    };
    let found = app.store.list_synchronizers(filter).await;
    let mut all = found.map_err(|error| of_store(error, "synchronizers"))?;
    all.sort_unstable_by_key(|record| record.ordinal);
    if !all.iter().any(|record| record.id == own.id) {
        all.push(own.clone());
    }
    let planned = |record: &SynchronizerRecord| PlannedSynchronizer {
        id: record.id,
        rule: record.rule.clone(),
        enabled: record.state == State::Enabled,
    };
    let planned: Vec<PlannedSynchronizer> = all.iter().map(planned).collect();
    let structure = &asked.labels.structure;
    let name = |id: SynchronizerId| {
        let found = all.iter().find(|record| record.id == id);
        found.map_or_else(String::new, |record| {
            names::synchronizer(structure, &record.slug)
        })
    };
    let found = overlaps(&planned).into_iter();
    let of_own = found.filter(|overlap| overlap.first == own.id || overlap.second == own.id);
    Ok(of_own
        .map(|overlap| NamedOverlap {
            first: name(overlap.first),
            second: name(overlap.second),
            contention: overlap.contention,
            outcome: overlap.outcome,
        })
        .collect())
}
