//! Which epic an issue is in. On Cloud it is the parent, when that is of the level of epics; on
//! Data Center it is a field that has the epic's key.
//!
//! What it is not: the parent of a sub-task, or what is above epics.

use super::agile::{Ranked, WireFields};
use super::field::HierarchyFields;
use super::settings::Product;
use super::transport::Transport;
use super::wire::{Interner, Unreadable};
use super::{Jira, jql};
use crate::Error;
use crate::agile::{AgileIssue, EpicOf};
use resync_core::id::{IssueId, IssueKey};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The level of epics on Cloud.
const EPIC_LEVEL: i64 = 1;

/// Keys in one search on Data Center: such a query stays far below any limit on its length.
const KEYS_PER_SEARCH: usize = 100;

/// Where this Jira shows epics.
pub(super) enum EpicFields {
    /// In the parent.
    Parent,
    /// In fields of their own.
    Fields {
        /// The epic that an issue is in.
        link: Vec<String>,
        /// The name of an epic, which only epics have.
        name: Vec<String>,
    },
}

impl EpicFields {
    pub(super) fn of(product: Product, fields: &HierarchyFields) -> Result<EpicFields, Error> {
        if product == Product::Cloud {
            return Ok(EpicFields::Parent);
        }
        if fields.epic_link.is_empty() {
            let detail = "there is no epic link field".to_owned();
            return Err(Error::NotSetUp { detail });
        }
        Ok(EpicFields::Fields {
            link: fields.epic_link.clone(),
            name: fields.epic_name.clone(),
        })
    }

    /// The fields to ask for beside those of an observation.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let (link, name) = match self {
            EpicFields::Parent => (&[][..], &[][..]),
            EpicFields::Fields { link, name } => (link.as_slice(), name.as_slice()),
        };
        link.iter().chain(name).map(String::as_str)
    }
}

/// What an issue shows of its epic and rank.
pub(super) struct Shown {
    pub(super) epic: ShownEpic,
    pub(super) is_epic: bool,
    /// The value of the rank, when it was asked for.
    pub(super) rank: Option<Box<str>>,
}

/// The epic as the issue names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ShownEpic {
    None,
    Id(IssueId),
    Key(IssueKey),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireType {
    hierarchy_level: Option<i64>,
    #[serde(default)]
    subtask: bool,
}

#[derive(Deserialize)]
struct WireParent {
    id: String,
    fields: Option<WireParentFields>,
}

#[derive(Deserialize)]
struct WireParentFields {
    issuetype: Option<WireType>,
}

/// Reads epic and rank out of the fields of an issue.
pub(super) fn shown(
    fields: &WireFields,
    epics: Option<&EpicFields>,
    rank: Option<&str>,
) -> Result<Shown, Unreadable> {
    let (epic, is_epic) = match epics {
        None => (ShownEpic::None, false),
        Some(EpicFields::Parent) => by_level(fields)?,
        Some(EpicFields::Fields { link, name }) => by_field(fields, link, name)?,
    };
    let rank = match rank {
        Some(rank) => member::<Box<str>>(fields, rank)?,
        None => None,
    };
    Ok(Shown {
        epic,
        is_epic,
        rank,
    })
}

fn by_level(fields: &WireFields) -> Result<(ShownEpic, bool), Unreadable> {
    let own: Option<WireType> = member(fields, "issuetype")?;
    let own_level = own.as_ref().and_then(|own| own.hierarchy_level);
    let subtask = own.as_ref().is_some_and(|own| own.subtask);
    let is_epic = own_level == Some(EPIC_LEVEL);
    let parent: Option<WireParent> = member(fields, "parent")?;
    let Some(parent) = parent.filter(|_| !subtask) else {
        return Ok((ShownEpic::None, is_epic));
    };
    let kind = parent.fields.and_then(|fields| fields.issuetype);
    let is_under_epic = match kind.and_then(|kind| kind.hierarchy_level) {
        Some(level) => level == EPIC_LEVEL,
        // A parent that cannot be read shows no type; it is one level above.
        None => own_level.is_none_or(|level| level == EPIC_LEVEL - 1),
    };
    if !is_under_epic {
        return Ok((ShownEpic::None, is_epic));
    }
    let id = parent.id.parse().map_err(|_| {
        Unreadable::Invalid(format!(
            "the id of a parent is not a number: {:.40}",
            parent.id
        ))
    })?;
    Ok((ShownEpic::Id(IssueId(id)), is_epic))
}

fn by_field(
    fields: &WireFields,
    link: &[String],
    name: &[String],
) -> Result<(ShownEpic, bool), Unreadable> {
    let mut epic = ShownEpic::None;
    for field in link {
        let Some(text) = member::<String>(fields, field)? else {
            continue;
        };
        let key = jql::issue_key(&text).ok_or_else(|| {
            Unreadable::Invalid(format!("an epic is not named by its key: {text:.40}"))
        })?;
        epic = ShownEpic::Key(IssueKey::new(key));
        break;
    }
    let mut is_epic = false;
    for field in name {
        is_epic |= member::<String>(fields, field)?.is_some();
    }
    Ok((epic, is_epic))
}

/// A field; `None` when it is absent or null.
fn member<V: DeserializeOwned>(fields: &WireFields, name: &str) -> Result<Option<V>, Unreadable> {
    match fields.get(name) {
        Some(value) => Ok(serde_json::from_str(value.get())?),
        None => Ok(None),
    }
}

impl<T: Transport> Jira<T> {
    /// Finds the issues behind the keys of epics.
    pub(super) async fn with_epics(&self, found: Vec<Ranked>) -> Result<Vec<AgileIssue>, Error> {
        let mut ids: FxHashMap<IssueKey, IssueId> = FxHashMap::default();
        let known = found.iter().map(|(issue, _)| (issue.key.clone(), issue.id));
        ids.extend(known);
        let mut unknown: FxHashSet<IssueKey> = FxHashSet::default();
        for (_, shown) in &found {
            if let ShownEpic::Key(key) = &shown.epic
                && !ids.contains_key(key)
            {
                unknown.insert(key.clone());
            }
        }
        let mut unknown: Vec<IssueKey> = unknown.into_iter().collect();
        unknown.sort_unstable();
        for chunk in unknown.chunks(KEYS_PER_SEARCH) {
            ids.extend(self.ids_of_keys(chunk).await?);
        }
        let resolve = |epic: ShownEpic| match epic {
            ShownEpic::None => EpicOf::None,
            ShownEpic::Id(id) => EpicOf::Issue(id),
            ShownEpic::Key(key) => match ids.get(&key) {
                Some(id) => EpicOf::Issue(*id),
                None => EpicOf::Unreadable(key),
            },
        };
        let issue = |(issue, shown): Ranked| AgileIssue {
            issue,
            epic: resolve(shown.epic),
            is_epic: shown.is_epic,
        };
        Ok(found.into_iter().map(issue).collect())
    }

    /// Data Center: the ids of issues by their keys. One that the index does not have is asked for
    /// alone; it may have moved meanwhile.
    async fn ids_of_keys(&self, keys: &[IssueKey]) -> Result<Vec<(IssueKey, IssueId)>, Error> {
        let jql = jql::with_keys(keys);
        let interner = Interner::default();
        let page = self.search_page(
            &jql,
            &super::wire::OBSERVED_FIELDS,
            0,
            keys.len(),
            true,
            &interner,
        );
        let mut found: FxHashMap<IssueKey, IssueId> = FxHashMap::default();
        let read = page.await?.items.into_iter();
        found.extend(read.map(|dated| (dated.issue.key, dated.issue.id)));
        for key in keys {
            if !found.contains_key(key)
                && let Some(issue) = self.find_by_key(key.as_str()).await?
            {
                found.insert(key.clone(), issue.id);
            }
        }
        Ok(found.into_iter().collect())
    }
}
