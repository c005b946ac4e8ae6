//! Webhooks as they arrive: whose they are, whether they are genuine, and which issues they name.
//!
//! What it is not: a reading of what has changed. A tracker loses, repeats and reorders webhooks,
//! so that only the ids of issues are taken from them, as hints to read those.

use hmac::{Hmac, Mac as _};
use resync_core::id::{IssueId, Slug, TrackerId};
use resync_core::time::Timestamp;
use serde::Deserialize;
use sha2::Sha256;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Shortest token, in characters: 16 random bytes as hexadecimal digits. Shorter ones are guessed.
pub const HOOK_TOKEN_MIN: usize = 32;

/// What the operator has set for the webhooks of one tracker. `Debug` shows no value.
#[derive(Clone)]
pub struct HookKeys {
    /// The token in the address of the endpoint.
    pub token: String,
    /// What webhooks are signed with; `None` when they are not.
    pub signing: Option<String>,
}

impl fmt::Debug for HookKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HookKeys(hidden)")
    }
}

/// Tells what is set for a tracker; `None` when its webhooks are not accepted. Asked each time, so
/// that a token can be replaced.
pub type HookDoor = Arc<dyn Fn(&Slug) -> Option<HookKeys> + Send + Sync>;

impl HookKeys {
    /// Whether a token is the right one. Takes the same time wherever they differ.
    pub(crate) fn accepts(&self, token: &str) -> bool {
        same(&self.token, token)
    }

    /// Whether a body is signed as it must be: `sha256=` and the HMAC of every byte.
    pub(crate) fn is_signed(&self, signature: Option<&str>, body: &[u8]) -> bool {
        let Some(secret) = &self.signing else {
            return true;
        };
        let digits = signature.and_then(|text| text.strip_prefix("sha256="));
        let Some(given) = digits.and_then(from_hexadecimal) else {
            return false;
        };
        keyed(secret.as_bytes(), body).verify_slice(&given).is_ok()
    }
}

/// Compares a token with one that nobody has, so that an unknown tracker takes as long as a known.
pub(crate) fn accepts_nothing(token: &str) {
    let _ = same("", token);
}

fn same(expected: &str, given: &str) -> bool {
    let tag = keyed(b"token", given.as_bytes()).finalize().into_bytes();
    keyed(b"token", expected.as_bytes())
        .verify_slice(&tag)
        .is_ok()
}

fn keyed(key: &[u8], text: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    mac
}

fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pair = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(text, 16).ok()
    };
    match digits.len() % 2 {
        0 => digits.chunks(2).map(pair).collect(),
        _ => None,
    }
}

/// As much of a webhook as is taken in.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireHook {
    webhook_event: String,
    issue: Option<WireIssue>,
    issue_link: Option<WireLink>,
}

#[derive(Deserialize)]
struct WireIssue {
    id: WireId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLink {
    source_issue_id: WireId,
    destination_issue_id: WireId,
}

/// Ids of issues are texts, but at the ends of a link they are numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireId {
    Number(i64),
    Text(String),
}

impl WireId {
    fn read(&self) -> Option<IssueId> {
        let number = match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        };
        number.filter(|number| *number > 0).map(IssueId)
    }
}

/// The issues that a webhook names: the issue, or both ends of a link; none for other events.
/// `None` when it is no webhook of Jira.
pub(crate) fn issues(body: &[u8]) -> Option<Vec<IssueId>> {
    let hook: WireHook = serde_json::from_slice(body).ok()?;
    if hook.webhook_event.is_empty() {
        return None;
    }
    let issue = hook.issue.map(|issue| issue.id);
    let ends = hook
        .issue_link
        .map(|link| [link.source_issue_id, link.destination_issue_id]);
    let named = issue.into_iter().chain(ends.into_iter().flatten());
    let mut found: Vec<IssueId> = named.map(|id| id.read()).collect::<Option<_>>()?;
    found.sort_unstable();
    found.dedup();
    Some(found)
}

/// What arrived from one tracker since the server started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) last: Option<Timestamp>,
    pub(crate) accepted: i64,
    pub(crate) duplicates: i64,
    pub(crate) refused: i64,
}

/// What arrived, by tracker.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<HashMap<TrackerId, Received>>);

impl Health {
    /// What arrived from a tracker.
    pub(crate) fn of(&self, tracker: TrackerId) -> Received {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&tracker).copied().unwrap_or_default()
    }

    /// Counts.
    pub(crate) fn count(&self, tracker: TrackerId, change: impl FnOnce(&mut Received)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(all.entry(tracker).or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(body: &str) -> Option<Vec<i64>> {
        let found = issues(body.as_bytes())?;
        Some(found.into_iter().map(|id| id.0).collect())
    }

    #[test]
    fn a_webhook_names_its_issue_or_both_ends_of_its_link() {
        let issue = r#"{"webhookEvent":"jira:issue_updated","issue":{"id":"10001","key":"PAY-1"}}"#;
        assert_eq!(ids(issue), Some(vec![10_001]));
        let link = r#"{"webhookEvent":"issuelink_created","issueLink":{"id":7,
            "sourceIssueId":10002,"destinationIssueId":10001}}"#;
        assert_eq!(ids(link), Some(vec![10_001, 10_002]));
        assert_eq!(ids(r#"{"webhookEvent":"project_created"}"#), Some(vec![]));
    }

    #[test]
    fn what_is_no_webhook_is_told_apart() {
        for body in [
            "",
            "{}",
            "[]",
            "not JSON",
            r#"{"webhookEvent":""}"#,
            r#"{"webhookEvent":"jira:issue_updated","issue":{}}"#,
            r#"{"webhookEvent":"jira:issue_updated","issue":{"id":"x"}}"#,
            r#"{"webhookEvent":"jira:issue_updated","issue":{"id":-1}}"#,
        ] {
            assert_eq!(ids(body), None, "{body}");
        }
    }

    #[test]
    fn a_token_and_a_signature_are_right_or_wrong() {
        let keys = HookKeys {
            token: "0123456789abcdef0123456789abcdef".to_owned(),
            signing: Some("key".to_owned()),
        };
        assert!(keys.accepts("0123456789abcdef0123456789abcdef"));
        for wrong in ["", "0123456789abcdef0123456789abcdeF", "0123"] {
            assert!(!keys.accepts(wrong), "{wrong}");
        }
        // From the examples of the algorithm.
        let body = b"The quick brown fox jumps over the lazy dog";
        let right = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
        assert!(keys.is_signed(Some(right), body));
        assert!(!keys.is_signed(Some(right), b"another"));
        for wrong in [
            None,
            Some(""),
            Some("sha256="),
            Some("sha256=f7b"),
            Some(&right[7..]),
        ] {
            assert!(!keys.is_signed(wrong, body), "{wrong:?}");
        }
        assert_eq!(format!("{keys:?}"), "HookKeys(hidden)");
    }
}
