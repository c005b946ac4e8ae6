//! Issues by id, with fields that an observation does not have.
//!
//! What it is not: [`super::lookup`], which reads more issues at a time because each of its fields
//! has one value.

use super::answer::Failure;
use super::exchange::Call;
use super::listing::{UNREADABLE_ALWAYS, UNREADABLE_PERCENT_MAX};
use super::query::Meter;
use super::settings::Product;
use super::transport::Transport;
use super::wire::{self, Interner, OBSERVED_FIELDS, Unreadable};
use super::{Jira, jql};
use crate::Error;
use futures::stream::{self, StreamExt, TryStreamExt};
use resync_core::id::IssueId;
use resync_core::issue::ObservedIssue;
use rustc_hash::FxHashSet;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::marker::PhantomData;

/// Issues in one `bulkfetch`, whatever its fields.
const ISSUES_PER_BULK: usize = 100;

/// Ids in one search on Data Center: such a query stays far below any limit on its length.
const IDS_PER_SEARCH: usize = 200;

/// What to read of each issue beside the observation.
pub(super) struct Extra<'a, F, X> {
    fields: Vec<&'a str>,
    read: &'a (dyn Fn(F) -> Result<X, Unreadable> + Sync),
    interner: Interner,
    wire: PhantomData<fn(F)>,
}

impl<'a, F, X> Extra<'a, F, X> {
    /// `fields` come as a value of `F`, of which `read` makes what is wanted.
    pub(super) fn new(
        fields: impl IntoIterator<Item = &'a str>,
        read: &'a (dyn Fn(F) -> Result<X, Unreadable> + Sync),
    ) -> Self {
        let mut all = OBSERVED_FIELDS.to_vec();
        all.extend(fields);
        Self {
            fields: all,
            read,
            interner: Interner::default(),
            wire: PhantomData,
        }
    }
}

/// What was read.
pub(super) struct Details<X> {
    /// The issues that can be read, ascending by id.
    pub(super) found: Vec<(ObservedIssue, X)>,
    /// The others, ascending.
    pub(super) missing: Vec<IssueId>,
}

impl<X> Details<X> {
    /// Of issues that a search has just listed, only few may be unreadable: more is a permission
    /// that was lost meanwhile, and no result.
    pub(super) fn of_listed(self) -> Result<Details<X>, Error> {
        let (missing, listed) = (self.missing.len(), self.found.len() + self.missing.len());
        if missing > UNREADABLE_ALWAYS.max(listed * UNREADABLE_PERCENT_MAX / 100) {
            let detail = format!("{missing} of {listed} issues were listed but could not be read");
            return Err(Error::AnswerInvalid { detail });
        }
        Ok(self)
    }
}

/// An answer.
struct Part<X> {
    items: Vec<(ObservedIssue, X)>,
    /// Issues that the answer says cannot be read.
    failed: Vec<IssueId>,
    total: Option<u64>,
}

#[derive(Deserialize)]
struct WireExtras<F> {
    issues: Vec<WireExtra<F>>,
}

#[derive(Deserialize)]
struct WireExtra<F> {
    fields: F,
}

impl<T: Transport> Jira<T> {
    /// Reads issues by id, each once.
    pub(super) async fn read_details<F: DeserializeOwned, X: Send>(
        &self,
        ids: &[IssueId],
        extra: &Extra<'_, F, X>,
        meter: &Meter<'_>,
    ) -> Result<Details<X>, Error> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        meter.expect(ids.len() as u64);
        let size = match self.product {
            Product::Cloud => ISSUES_PER_BULK,
            Product::DataCenter => IDS_PER_SEARCH,
        };
        let chunks: Vec<Vec<IssueId>> = ids.chunks(size).map(<[_]>::to_vec).collect();
        let read = |chunk: Vec<IssueId>| async move {
            let length = chunk.len();
            let part = self.details_of(chunk, extra).await?;
            meter.advance(length);
            Ok::<_, Error>(part)
        };
        let parts: Vec<Vec<(ObservedIssue, X)>> = stream::iter(chunks)
            .map(read)
            .buffered(self.concurrency)
            .try_collect()
            .await?;
        let mut found: Vec<(ObservedIssue, X)> = parts.into_iter().flatten().collect();
        found.sort_unstable_by_key(|(issue, _)| issue.id);
        found.dedup_by_key(|(issue, _)| issue.id);
        let readable: FxHashSet<IssueId> = found.iter().map(|(issue, _)| issue.id).collect();
        ids.retain(|id| !readable.contains(id));
        Ok(Details {
            found,
            missing: ids,
        })
    }

    async fn details_of<F: DeserializeOwned, X: Send>(
        &self,
        ids: Vec<IssueId>,
        extra: &Extra<'_, F, X>,
    ) -> Result<Vec<(ObservedIssue, X)>, Error> {
        let (mut found, mut open) = (Vec::with_capacity(ids.len()), ids);
        // What is neither given nor reported may only have been left out this time.
        while !open.is_empty() {
            let part = self.details_part(&open, extra).await?;
            let given: FxHashSet<IssueId> = part.items.iter().map(|(issue, _)| issue.id).collect();
            let before = open.len();
            open.retain(|id| !given.contains(id) && !part.failed.contains(id));
            found.extend(part.items);
            let whole = part.total.is_some_and(|total| total <= given.len() as u64);
            if whole || open.len() == before {
                break;
            }
        }
        if self.product == Product::DataCenter {
            // The index need not have them yet.
            for id in open {
                found.extend(self.details_of_one(id, extra).await?);
            }
        }
        Ok(found)
    }

    async fn details_part<F: DeserializeOwned, X: Send>(
        &self,
        ids: &[IssueId],
        extra: &Extra<'_, F, X>,
    ) -> Result<Part<X>, Error> {
        let call = match self.product {
            Product::Cloud => {
                let texts: Vec<String> = ids.iter().map(IssueId::to_string).collect();
                let body = json!({ "issueIdsOrKeys": texts, "fields": extra.fields });
                Call::post(self.path("issue/bulkfetch"), &body)
            }
            Product::DataCenter => {
                let body = json!({
                    "jql": jql::with_ids(ids),
                    "fields": extra.fields,
                    "startAt": 0,
                    "maxResults": ids.len(),
                    "validateQuery": false,
                });
                Call::post(self.path("search"), &body)
            }
        };
        let decode = |body: &[u8]| self.details_in(body, extra);
        let outcome = self.exchange.fetch(&call, decode).await;
        outcome.map_err(|failure| failure.of_resource(self.product))
    }

    fn details_in<F: DeserializeOwned, X>(
        &self,
        body: &[u8],
        extra: &Extra<'_, F, X>,
    ) -> Result<Part<X>, Unreadable> {
        let (issues, failed, total) = match self.product {
            Product::Cloud => {
                let bulk = wire::bulk_page(body, &extra.interner)?;
                (bulk.issues, bulk.failed, None)
            }
            Product::DataCenter => {
                let page = wire::issue_page(body, &extra.interner)?;
                let issues = page.items.into_iter().map(|dated| dated.issue).collect();
                (issues, Vec::new(), page.total)
            }
        };
        let extras: WireExtras<F> = wire::value(body)?;
        let issues: Vec<ObservedIssue> = issues;
        let items: Result<Vec<_>, Unreadable> = issues
            .into_iter()
            .zip(extras.issues)
            .map(|(issue, found)| Ok((issue, (extra.read)(found.fields)?)))
            .collect();
        Ok(Part {
            items: items?,
            failed,
            total,
        })
    }

    async fn details_of_one<F: DeserializeOwned, X>(
        &self,
        id: IssueId,
        extra: &Extra<'_, F, X>,
    ) -> Result<Option<(ObservedIssue, X)>, Error> {
        let fields = extra.fields.join(",");
        let call = Call::get(self.path(&format!("issue/{id}?fields={fields}")));
        let decode = |body: &[u8]| {
            let issue = wire::issue(body, &extra.interner)?;
            let found: WireExtra<F> = wire::value(body)?;
            Ok((issue, (extra.read)(found.fields)?))
        };
        match self.exchange.fetch(&call, decode).await {
            Ok(found) => Ok(Some(found)),
            Err(Failure::Absent(_)) => Ok(None),
            Err(failure) => Err(failure.of_resource(self.product)),
        }
    }
}
