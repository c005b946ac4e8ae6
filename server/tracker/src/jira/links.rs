//! The links of one type, read at both of their ends and told once.
//!
//! What it is not: a request for each link. Each end shows its links with their ids, type and the
//! other end; `outwardIssue` is the target of what the issue does, `inwardIssue` the source of what
//! is done to it.

use super::answer::Failure;
use super::details::{Details, Extra};
use super::exchange::Call;
use super::query::Meter;
use super::transport::Transport;
use super::wire::{self, Unreadable};
use super::{Jira, answer, jql};
use crate::links::{Link, LinkScope, LinkType, Links};
use crate::{Error, Query, ReadProgress};
use resync_core::id::{IssueId, JiraId};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLinkTypes {
    issue_link_types: Vec<WireLinkType>,
}

#[derive(Deserialize)]
struct WireLinkType {
    id: String,
    name: String,
    outward: String,
    inward: String,
}

#[derive(Deserialize)]
struct WireFields {
    issuelinks: Option<Vec<WireLink>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLink {
    id: String,
    #[serde(rename = "type")]
    link_type: WireId,
    outward_issue: Option<WireId>,
    inward_issue: Option<WireId>,
}

#[derive(Deserialize)]
struct WireId {
    id: String,
}

/// A link as one end shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct End {
    link: JiraId,
    other: IssueId,
    /// Whether the other end is the target.
    outward: bool,
}

type Read = Details<Vec<End>>;

impl<T: Transport> Jira<T> {
    /// The types of links of this Jira.
    pub(super) async fn read_link_types(&self) -> Result<Vec<LinkType>, Error> {
        let call = Call::get(self.path("issueLinkType"));
        let outcome = self
            .exchange
            .fetch(&call, wire::value::<WireLinkTypes>)
            .await;
        let types = match outcome {
            Ok(types) => types.issue_link_types,
            Err(Failure::Absent(_)) => {
                let detail = "linking of issues is switched off".to_owned();
                return Err(Error::NotSetUp { detail });
            }
            Err(failure) => return Err(failure.of_resource(self.product)),
        };
        let told = |link_type: WireLinkType| LinkType {
            id: JiraId::new(link_type.id),
            name: link_type.name.into(),
            outward: link_type.outward.into(),
            inward: link_type.inward.into(),
        };
        Ok(types.into_iter().map(told).collect())
    }

    /// The links of a type in a scope.
    pub(super) async fn read_links_of(
        &self,
        scope: &LinkScope,
        link_type: &JiraId,
        progress: &(dyn Fn(ReadProgress) + Send + Sync),
    ) -> Result<Links, Error> {
        // Issues do not show links of a type that is gone, and would look as if they had none.
        let types = self.read_link_types().await?;
        let found = types.into_iter().find(|found| found.id == *link_type);
        let found = found.ok_or_else(|| Error::NotSetUp {
            detail: answer::clean(&format!("there is no link type {:.40}", link_type.as_str())),
        })?;
        let meter = Meter::new(progress);
        let details = match scope {
            LinkScope::Issues(ids) => self.links_at(ids, link_type, &meter).await?,
            LinkScope::Matching(query) => {
                let ids = self.scan(query).await?;
                self.links_at(&ids, link_type, &meter).await?.of_listed()?
            }
            LinkScope::Everywhere => {
                let ids = self.with_link_of(&found).await?;
                self.links_at(&ids, link_type, &meter).await?.of_listed()?
            }
        };
        let details = self.settled(details, link_type).await?;
        Ok(told_once(found, details))
    }

    /// The issues that have a link of the type.
    async fn with_link_of(&self, link_type: &LinkType) -> Result<Vec<IssueId>, Error> {
        let text = jql::with_links(&[&link_type.outward, &link_type.inward]);
        match self.scan(&Query::Jql(text.into())).await {
            Err(Error::QueryInvalid { detail }) => {
                let detail = format!("this Jira does not search for types of links ({detail})");
                Err(Error::NotSetUp {
                    detail: answer::clean(&detail),
                })
            }
            outcome => outcome,
        }
    }

    async fn links_at(
        &self,
        ids: &[IssueId],
        link_type: &JiraId,
        meter: &Meter<'_>,
    ) -> Result<Read, Error> {
        let read = |fields: WireFields| ends_of(fields, link_type);
        self.read_details(ids, &Extra::new(["issuelinks"], &read), meter)
            .await
    }

    /// Ends are read one after the other. Where only one of two shows a link, it was made or
    /// removed between: both are read again, once.
    async fn settled(&self, details: Read, link_type: &JiraId) -> Result<Read, Error> {
        let doubtful = one_sided(&details);
        if doubtful.is_empty() {
            return Ok(details);
        }
        let meter = Meter::new(&|_| ());
        let again = self.links_at(&doubtful, link_type, &meter).await?;
        let doubtful: FxHashSet<IssueId> = doubtful.into_iter().collect();
        let (mut found, mut missing) = (details.found, details.missing);
        found.retain(|(issue, _)| !doubtful.contains(&issue.id));
        found.extend(again.found);
        found.sort_unstable_by_key(|(issue, _)| issue.id);
        missing.extend(again.missing);
        missing.sort_unstable();
        Ok(Details { found, missing })
    }
}

fn ends_of(fields: WireFields, link_type: &JiraId) -> Result<Vec<End>, Unreadable> {
    // An issue that does not show the field at all would look as if it had no links.
    let links = fields
        .issuelinks
        .ok_or_else(|| Unreadable::Invalid("an issue does not show its links".to_owned()))?;
    let links = links.into_iter();
    let ours = links.filter(|link| link.link_type.id == link_type.as_str());
    ours.map(end_of).collect()
}

fn end_of(link: WireLink) -> Result<End, Unreadable> {
    let (other, outward) = match (link.outward_issue, link.inward_issue) {
        (Some(target), None) => (target, true),
        (None, Some(source)) => (source, false),
        _ => {
            let detail = format!("link {:.20} does not have one other end", link.id);
            return Err(Unreadable::Invalid(detail));
        }
    };
    let number = other.id.parse().map_err(|_| {
        Unreadable::Invalid(format!(
            "the id of an issue is not a number: {:.40}",
            other.id
        ))
    })?;
    Ok(End {
        link: JiraId::new(link.id),
        other: IssueId(number),
        outward,
    })
}

/// Issues of links of which both ends were read, and one does not show it.
fn one_sided(details: &Read) -> Vec<IssueId> {
    let mut shown: FxHashSet<(IssueId, &JiraId)> = FxHashSet::default();
    for (issue, ends) in &details.found {
        shown.extend(ends.iter().map(|end| (issue.id, &end.link)));
    }
    let read: FxHashSet<IssueId> = details.found.iter().map(|(issue, _)| issue.id).collect();
    let mut doubtful = Vec::new();
    for (issue, ends) in &details.found {
        for end in ends {
            if read.contains(&end.other) && !shown.contains(&(end.other, &end.link)) {
                doubtful.extend([issue.id, end.other]);
            }
        }
    }
    doubtful
}

fn told_once(link_type: LinkType, details: Read) -> Links {
    let mut ids: FxHashMap<(IssueId, IssueId), Vec<JiraId>> = FxHashMap::default();
    let mut issues = Vec::with_capacity(details.found.len());
    for (issue, ends) in details.found {
        for end in ends {
            let ends = match end.outward {
                true => (issue.id, end.other),
                false => (end.other, issue.id),
            };
            ids.entry(ends).or_default().push(end.link);
        }
        issues.push(issue);
    }
    let mut links: Vec<Link> = ids
        .into_iter()
        .map(|((source, target), mut ids)| {
            // Ids are numbers, written without zeros in front.
            ids.sort_unstable_by(|one, other| {
                let length = |id: &JiraId| id.as_str().len();
                (length(one), one).cmp(&(length(other), other))
            });
            ids.dedup();
            Link {
                source,
                target,
                ids,
            }
        })
        .collect();
    links.sort_unstable_by_key(|link| (link.source, link.target));
    Links {
        link_type,
        issues,
        missing: details.missing,
        links,
    }
}
