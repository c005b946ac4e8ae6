//! Lists of synchronizers.

use super::SynchronizerView;
use crate::access::Permission;
use crate::app::kinds;
use crate::app::labels::Labels;
use crate::app::page::Page;
use crate::app::structures::any;
use crate::app::{App, Caller};
use crate::filter::{Filter, Type, Value};
use crate::refusal::{Refusal, of_store};
use resync_core::id::Slug;
use resync_core::synchronizer::State;
use resync_store::{SynchronizerFilter, SynchronizerRecord};

/// What a list of synchronizers can be filtered by.
pub(crate) const FILTER_FIELDS: &[(&str, Type)] = &[
    (
        "state",
        Type::OneOf(&[
            "STATE_ENABLED",
            "STATE_DISABLED",
            "STATE_UNAVAILABLE",
            "STATE_SUSPENDED",
        ]),
    ),
    ("rule.tracker", Type::Text),
    ("run_as", Type::Text),
    ("rule.filter", Type::Presence),
    ("rule.subtasks", Type::Presence),
    ("rule.links", Type::Presence),
    ("rule.agile", Type::Presence),
    ("rule.status_rollup", Type::Presence),
];

fn passes(filter: &Filter, record: &SynchronizerRecord, labels: &Labels) -> bool {
    let kind = record.rule.settings.kind();
    let tracker = labels.tracker_name(record.rule.tracker);
    filter.passes(|field| match field {
        "state" => Value::Text(match record.state {
            State::Enabled => "STATE_ENABLED",
            State::Disabled => "STATE_DISABLED",
            State::Unavailable => "STATE_UNAVAILABLE",
            State::Suspended => "STATE_SUSPENDED",
        }),
        "rule.tracker" => Value::Text(&tracker),
        "run_as" => Value::Text(record.run_as.as_str()),
        field => Value::Flag(field.strip_prefix("rule.") == Some(kinds::id(kind))),
    })
}

/// Lists synchronizers in the order of installation, of one structure or of all that the caller
/// may view.
pub(crate) async fn list(
    app: &App,
    caller: &Caller,
    parent: Option<&Slug>,
    filter: &Filter,
    after: Option<i64>,
    size: usize,
) -> Result<Page<SynchronizerView>, Refusal> {
    let structure = match parent {
        Some(slug) => Some(any(app, slug).await?),
        None => None,
    };
    let asked = SynchronizerFilter {
        structure: structure.map(|record| record.id),
        ..Default::default()
    };
    let found = app.store.list_synchronizers(asked).await;
    let mut found = found.map_err(|error| of_store(error, "synchronizers"))?;
    found.sort_unstable_by_key(|record| record.id);
    let mut page = Page {
        items: Vec::new(),
        next: None,
    };
    let mut last = 0;
    for record in found {
        if record.id.0 <= after.unwrap_or(0) {
            continue;
        }
        if page.items.len() == size {
            page.next = Some(last);
            return Ok(page);
        }
        let owner = app.store.get_structure_by_id(record.structure).await;
        let owner = owner.map_err(|error| of_store(error, "structure of a synchronizer"))?;
        let labels = Labels::load(app, owner.id, &owner.slug).await?;
        last = record.id.0;
        let visible = app
            .access
            .allows(caller, Permission::View, &labels.structure_name());
        if visible && passes(filter, &record, &labels) {
            page.items
                .push(super::view_with(app, labels, record).await?);
        }
    }
    Ok(page)
}
