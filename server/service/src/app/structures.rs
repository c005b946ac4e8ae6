//! Structures: everything but their rows.

use super::page::Page;
use super::{App, Caller};
use crate::access::Permission;
use crate::filter::{Filter, Type, Value};
use crate::names;
use crate::refusal::{Refusal, of_store};
use resync_core::id::{ForestVersion, RowId, Slug, StructureId};
use resync_core::problem::Reason;
use resync_store::{
    Error as StoreError, NewStructure, RequestRecord, StructureFilter, StructureRecord,
    StructureUpdate, SynchronizerFilter,
};

/// What a list of structures can be filtered by.
pub(crate) const FILTER_FIELDS: &[(&str, Type)] = &[
    ("display_name", Type::Text),
    ("creator", Type::Text),
    ("update_time", Type::Time),
];

/// A structure by its slug, deleted or not.
pub(crate) async fn any(app: &App, slug: &Slug) -> Result<StructureRecord, Refusal> {
    let found = app.store.get_structure(slug.clone()).await;
    found.map_err(|error| of_store(error, &names::structure(slug)))
}

/// A structure that takes changes: not deleted.
pub(crate) async fn live(app: &App, slug: &Slug) -> Result<StructureRecord, Refusal> {
    let record = any(app, slug).await?;
    match record.delete_time {
        None => Ok(record),
        Some(_) => {
            let name = names::structure(slug);
            let message = format!("{name} is deleted; undelete it first");
            Err(Refusal::state(&name, "deleted", message))
        }
    }
}

/// A structure to create, as a caller asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Creation {
    pub(crate) slug: Option<Slug>,
    pub(crate) display_name: String,
    pub(crate) description: String,
}

/// Creates a structure.
pub(crate) async fn create(
    app: &App,
    caller: &Caller,
    asked: Creation,
    validate_only: bool,
    request: Option<RequestRecord>,
) -> Result<StructureRecord, Refusal> {
    if let Some(id) = app.answered(request.as_ref()).await? {
        return by_id(app, StructureId(id)).await;
    }
    let Creation {
        slug,
        display_name,
        description,
    } = asked;
    let slug = app.slug_or_fresh(slug, 's');
    let name = names::structure(&slug);
    let (uid, creator, time) = (app.uid(), caller.clone(), app.now());
    let new = NewStructure {
        slug,
        uid,
        display_name,
        description,
        creator,
        time,
    };
    if validate_only {
        return match app.store.get_structure(new.slug.clone()).await {
            Ok(_) => Err(of_store(
                StoreError::AlreadyExists {
                    what: "",
                    name: "".into(),
                },
                &name,
            )),
            Err(StoreError::NotFound { .. }) => Ok(unsaved(new)),
            Err(error) => Err(of_store(error, &name)),
        };
    }
    match app.store.create_structure(new, request).await {
        Err(StoreError::AlreadyAnswered(answer)) => by_id(app, StructureId(answer.subject)).await,
        created => created.map_err(|error| of_store(error, &name)),
    }
}

async fn by_id(app: &App, id: StructureId) -> Result<StructureRecord, Refusal> {
    let found = app.store.get_structure_by_id(id).await;
    found.map_err(|error| of_store(error, "the structure of the earlier request"))
}

/// The structure as it would be; its uid is empty, since it was never assigned.
fn unsaved(new: NewStructure) -> StructureRecord {
    let NewStructure {
        slug,
        uid: _,
        display_name,
        description,
        creator,
        time,
    } = new;
    StructureRecord {
        id: StructureId(0),
        slug,
        uid: resync_core::id::Uid::new(""),
        display_name,
        description,
        forest_version: ForestVersion(0),
        row_count: 0,
        next_row_id: RowId(1),
        creator,
        create_time: time,
        update_time: time,
        delete_time: None,
        etag: String::new(),
    }
}

/// Most structures that are read at once while a page is filled.
const READ_AT_ONCE: usize = 500;

/// Lists the structures that the caller may view, oldest first.
pub(crate) async fn list(
    app: &App,
    caller: &Caller,
    show_deleted: bool,
    filter: &Filter,
    after: Option<i64>,
    size: usize,
) -> Result<Page<StructureRecord>, Refusal> {
    let asked = StructureFilter {
        show_deleted,
        name_contains: None,
    };
    let mut items = Vec::new();
    let mut after = after.map(StructureId);
    loop {
        let read = app
            .store
            .list_structures(asked.clone(), after, READ_AT_ONCE)
            .await;
        let read = read.map_err(|error| of_store(error, "structures"))?;
        let whole = read.len() < READ_AT_ONCE;
        for record in read {
            if items.len() == size {
                return Ok(Page {
                    items,
                    next: after.map(|id| id.0),
                });
            }
            after = Some(record.id);
            let name = names::structure(&record.slug);
            if passes(filter, &record) && app.access.allows(caller, Permission::View, &name) {
                items.push(record);
            }
        }
        if whole {
            return Ok(Page { items, next: None });
        }
    }
}

fn passes(filter: &Filter, record: &StructureRecord) -> bool {
    filter.passes(|field| match field {
        "display_name" => Value::Text(&record.display_name),
        "creator" => Value::Text(record.creator.as_str()),
        _ => Value::Time(Some(record.update_time)),
    })
}

/// Changes what people set of a structure.
pub(crate) async fn update(
    app: &App,
    slug: &Slug,
    update: StructureUpdate,
    etag: Option<String>,
    validate_only: bool,
) -> Result<StructureRecord, Refusal> {
    let record = live(app, slug).await?;
    let name = names::structure(slug);
    require_etag(&name, etag.as_deref(), &record.etag)?;
    if validate_only {
        let StructureUpdate {
            display_name,
            description,
        } = update;
        return Ok(StructureRecord {
            display_name: display_name.unwrap_or(record.display_name),
            description: description.unwrap_or(record.description),
            ..record
        });
    }
    let updated = app
        .store
        .update_structure(record.id, update, etag, app.now())
        .await;
    app.changed.raise();
    updated.map_err(|error| of_store(error, &name))
}

/// Refuses when the caller has an etag that is not the current one.
pub(crate) fn require_etag(
    resource: &str,
    expected: Option<&str>,
    actual: &str,
) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != actual => Err(Refusal::changed(resource, expected, actual)),
        _ => Ok(()),
    }
}

/// Marks a structure as deleted.
pub(crate) async fn delete(
    app: &App,
    slug: &Slug,
    etag: Option<String>,
    force: bool,
    allow_missing: bool,
) -> Result<Option<StructureRecord>, Refusal> {
    let record = match any(app, slug).await {
        Err(refusal) if allow_missing && refusal.problem.reason == Reason::ResourceNotFound => {
            return Ok(None);
        }
        found => found?,
    };
    let name = names::structure(slug);
    if record.delete_time.is_some() {
        return match allow_missing {
            true => Ok(Some(record)),
            false => Err(Refusal::state(
                &name,
                "deleted",
                format!("{name} is deleted already"),
            )),
        };
    }
    require_etag(&name, etag.as_deref(), &record.etag)?;
    let filter = SynchronizerFilter {
        structure: Some(record.id),
        ..Default::default()
    };
    let users = app.store.list_synchronizers(filter).await;
    let users = users.map_err(|error| of_store(error, &name))?.len();
    if users > 0 && !force {
        let message = format!("{name} has {users} synchronizers; set force to delete it with them");
        return Err(Refusal::state(&name, "in use", message));
    }
    let deleted = app.store.delete_structure(record.id, etag, app.now()).await;
    app.changed.raise();
    deleted.map(Some).map_err(|error| of_store(error, &name))
}

/// Takes a deletion back.
pub(crate) async fn undelete(app: &App, slug: &Slug) -> Result<StructureRecord, Refusal> {
    let record = any(app, slug).await?;
    let back = app.store.undelete_structure(record.id, app.now()).await;
    app.changed.raise();
    back.map_err(|error| of_store(error, &names::structure(slug)))
}
