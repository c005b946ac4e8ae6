//! Statuses and transitions.
//!
//! What it is not: making a transition.

use super::Jira;
use super::answer::Failure;
use super::details::Extra;
use super::exchange::Call;
use super::query::Meter;
use super::transport::Transport;
use super::wire::{self, Unreadable};
use crate::Error;
use crate::workflow::{
    IssueStatus, IssueTransitions, Status, StatusBatch, Transition, TransitionBatch,
};
use futures::stream::{self, StreamExt, TryStreamExt};
use resync_core::id::{IssueId, JiraId};
use rustc_hash::FxHashSet;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct WireFields {
    status: WireStatus,
    resolution: Option<WireId>,
}

#[derive(Deserialize)]
struct WireId {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireStatus {
    id: String,
    name: String,
    status_category: Option<WireCategory>,
}

#[derive(Deserialize)]
struct WireCategory {
    key: String,
}

#[derive(Deserialize)]
struct WireTransitions {
    transitions: Vec<WireTransition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTransition {
    id: String,
    name: String,
    to: WireStatus,
    is_available: Option<bool>,
    #[serde(default)]
    fields: BTreeMap<String, WireField>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireField {
    #[serde(default)]
    required: bool,
    #[serde(default)]
    has_default_value: bool,
}

impl From<WireStatus> for Status {
    fn from(status: WireStatus) -> Status {
        Status {
            id: JiraId::new(status.id),
            name: status.name.into(),
            category: status.status_category.map(|category| category.key.into()),
        }
    }
}

impl From<WireTransition> for Transition {
    fn from(transition: WireTransition) -> Transition {
        let fields = transition.fields.into_iter();
        let required = fields.filter(|(_, field)| field.required && !field.has_default_value);
        Transition {
            id: JiraId::new(transition.id),
            name: transition.name.into(),
            to: transition.to.into(),
            required: required.map(|(id, _)| JiraId::new(id)).collect(),
        }
    }
}

impl<T: Transport> Jira<T> {
    /// All statuses of the site.
    pub(super) async fn all_statuses(&self) -> Result<Vec<Status>, Error> {
        let call = Call::get(self.path("status"));
        let outcome = self
            .exchange
            .fetch(&call, wire::value::<Vec<WireStatus>>)
            .await;
        let statuses = outcome.map_err(|failure| failure.of_resource(self.product))?;
        Ok(statuses.into_iter().map(Status::from).collect())
    }

    /// The statuses of issues.
    pub(super) async fn statuses_of(&self, ids: &[IssueId]) -> Result<StatusBatch, Error> {
        let read = |fields: WireFields| -> Result<_, Unreadable> {
            let resolution = fields.resolution.map(|found| JiraId::new(found.id));
            Ok((Status::from(fields.status), resolution))
        };
        let extra = Extra::new(["resolution"], &read);
        let details = self.read_details(ids, &extra, &Meter::new(&|_| ())).await?;
        let told = |(issue, (status, resolution))| IssueStatus {
            issue,
            status,
            resolution,
        };
        Ok(StatusBatch {
            found: details.found.into_iter().map(told).collect(),
            missing: details.missing,
        })
    }

    /// The transitions of issues, a request for each.
    pub(super) async fn transitions_of(&self, ids: &[IssueId]) -> Result<TransitionBatch, Error> {
        let mut seen = FxHashSet::default();
        let ids: Vec<IssueId> = ids.iter().copied().filter(|id| seen.insert(*id)).collect();
        let read = |issue: IssueId| async move {
            let transitions = self.transitions_of_one(issue).await?;
            Ok::<_, Error>((issue, transitions))
        };
        let read: Vec<(IssueId, Option<Vec<Transition>>)> = stream::iter(ids)
            .map(read)
            .buffered(self.concurrency)
            .try_collect()
            .await?;
        let mut batch = TransitionBatch::default();
        for (issue, transitions) in read {
            match transitions {
                Some(transitions) => batch.found.push(IssueTransitions { issue, transitions }),
                None => batch.missing.push(issue),
            }
        }
        Ok(batch)
    }

    async fn transitions_of_one(&self, issue: IssueId) -> Result<Option<Vec<Transition>>, Error> {
        let resource = format!("issue/{issue}/transitions?expand=transitions.fields");
        let call = Call::get(self.path(&resource));
        let outcome = self
            .exchange
            .fetch(&call, wire::value::<WireTransitions>)
            .await;
        match outcome {
            Ok(told) => {
                let told = told.transitions.into_iter();
                let open = told.filter(|transition| transition.is_available != Some(false));
                Ok(Some(open.map(Transition::from).collect()))
            }
            Err(Failure::Absent(_)) => Ok(None),
            Err(failure) => Err(failure.of_resource(self.product)),
        }
    }
}
