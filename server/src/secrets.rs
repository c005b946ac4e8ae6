//! Where secrets are found, and to which hosts they may go.
//!
//! What it is not: a store of secrets. A value is read at the moment of use and handed to one
//! HTTP client; no call takes or returns one.

use crate::config::{SecretBinding, SecretKind, WebhookBinding};
use resync_core::id::Slug;
use resync_core::problem::{Problem, Reason};
use resync_service::{HOOK_TOKEN_MIN, HookKeys, is_among};
use resync_tracker::jira::{Credential, Secret};
use std::path::PathBuf;

/// The named secrets of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    bindings: Vec<SecretBinding>,
    webhooks: Vec<WebhookBinding>,
}

impl Secrets {
    /// The secrets that a configuration names.
    pub fn new(bindings: Vec<SecretBinding>) -> Self {
        Self {
            bindings,
            webhooks: Vec::new(),
        }
    }

    /// The same, with what is set for webhooks.
    #[must_use]
    pub fn with_webhooks(self, webhooks: Vec<WebhookBinding>) -> Self {
        Self { webhooks, ..self }
    }

    /// What is set for the webhooks of a tracker; `None` when nothing is, or cannot be read.
    /// Nothing is accepted then, and the log says why.
    pub fn hook_keys(&self, tracker: &Slug) -> Option<HookKeys> {
        let mut bindings = self.webhooks.iter();
        let binding = bindings.find(|binding| binding.tracker == tracker.as_str())?;
        match keys(binding) {
            Ok(keys) => Some(keys),
            Err(message) => {
                tracing::warn!(%tracker, "webhooks are not accepted: {message}");
                None
            }
        }
    }

    /// Each name with its hosts, for the check of a connection that is about to use one.
    pub fn hosts(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.bindings
            .iter()
            .map(|binding| (binding.name.as_str(), binding.hosts.as_slice()))
    }

    /// The credential of that name, for that host.
    ///
    /// # Errors
    /// [`Reason::TrackerCredentialRefused`] when there is none, when it may not be sent to that
    /// host, or when its value cannot be read.
    pub fn credential(&self, name: &str, host: &str) -> Result<Credential, Problem> {
        let refused = |message: String| Problem::new(Reason::TrackerCredentialRefused, message);
        let binding = self.bindings.iter().find(|binding| binding.name == name).ok_or_else(|| {
            refused(format!(
                "The configuration has no secret `{name}`. Add it under [[secrets]] and restart."
            ))
        })?;
        if !is_among(host, &binding.hosts) {
            return Err(refused(format!(
                "The secret `{name}` may not be sent to `{host}`. Add the host to its `hosts`."
            )));
        }
        let value = value(binding).map_err(refused)?;
        Ok(match binding.kind {
            SecretKind::Basic => Credential::Basic {
                user: binding.user.clone(),
                secret: Secret::new(value),
            },
            SecretKind::Bearer => Credential::Bearer {
                secret: Secret::new(value),
            },
        })
    }
}

fn value(binding: &SecretBinding) -> Result<String, String> {
    read(&binding.name, &binding.environment, &binding.file)
}

fn keys(binding: &WebhookBinding) -> Result<HookKeys, String> {
    let name = format!("webhooks.{}", binding.tracker);
    let token = read(&name, &binding.environment, &binding.file)?;
    if token.chars().count() < HOOK_TOKEN_MIN {
        return Err(format!(
            "The token of `{name}` is shorter than {HOOK_TOKEN_MIN} characters."
        ));
    }
    let (environment, file) = (&binding.signing_environment, &binding.signing_file);
    let signing = match (environment, file) {
        (None, None) => None,
        (environment, file) => Some(read(&name, environment, file)?),
    };
    Ok(HookKeys { token, signing })
}

/// Reads a value. The message of a failure names the place, never what was found there.
fn read(
    name: &str,
    environment: &Option<String>,
    file: &Option<PathBuf>,
) -> Result<String, String> {
    let text = match (environment, file) {
        (Some(variable), _) => std::env::var(variable).map_err(|_| {
            format!("The environment variable `{variable}` of `{name}` is not set.")
        })?,
        (None, Some(file)) => std::fs::read_to_string(file).map_err(|error| {
            format!(
                "The file of the secret `{name}` cannot be read: {}.",
                error.kind()
            )
        })?,
        (None, None) => return Err(format!("The secret `{name}` says not where its value is.")),
    };
    let first = text.lines().next().unwrap_or_default().trim().to_owned();
    if first.is_empty() {
        return Err(format!("The secret `{name}` is empty."));
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(file: Option<std::path::PathBuf>, environment: Option<&str>) -> Secrets {
        Secrets::new(vec![SecretBinding {
            name: "bot".to_owned(),
            kind: SecretKind::Basic,
            user: "ann@example.com".to_owned(),
            environment: environment.map(str::to_owned),
            file,
            hosts: vec!["jira.example.com".to_owned()],
        }])
    }

    fn refusal(secrets: &Secrets, name: &str, host: &str) -> String {
        let problem = secrets.credential(name, host).expect_err("it is refused");
        assert_eq!(problem.reason, Reason::TrackerCredentialRefused);
        problem.message
    }

    #[test]
    fn a_secret_goes_to_its_hosts_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "canary\nsecond line").unwrap();
        let secrets = binding(Some(file), None);
        let credential = secrets.credential("bot", "JIRA.example.com").unwrap();
        assert!(!format!("{credential:?}").contains("canary"));
        let message = refusal(&secrets, "bot", "evil.example.com");
        assert!(
            message.contains("may not be sent to `evil.example.com`"),
            "{message}"
        );
    }

    #[test]
    fn a_token_for_webhooks_is_read_when_it_is_used_and_must_be_long() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let secrets = Secrets::new(Vec::new()).with_webhooks(vec![WebhookBinding {
            tracker: "jira".to_owned(),
            environment: None,
            file: Some(file.path().to_owned()),
            signing_environment: None,
            signing_file: None,
        }]);
        let (jira, other) = (Slug::new("jira"), Slug::new("other"));
        std::fs::write(file.path(), "short").unwrap();
        assert!(secrets.hook_keys(&jira).is_none());
        let token = "0123456789abcdef0123456789abcdef";
        std::fs::write(file.path(), token).unwrap();
        let keys = secrets.hook_keys(&jira).unwrap();
        assert_eq!((keys.token.as_str(), keys.signing), (token, None));
        assert!(secrets.hook_keys(&other).is_none());
    }

    #[test]
    fn what_cannot_be_found_is_told_by_its_place() {
        let empty = tempfile::NamedTempFile::new().unwrap();
        let missing = binding(Some("no/such/file".into()), None);
        let unset = binding(None, Some("RESYNC_TEST_THAT_NOBODY_SETS"));
        let blank = binding(Some(empty.path().to_owned()), None);
        for (secrets, name, expected) in [
            (&missing, "other", "no secret `other`"),
            (&missing, "bot", "cannot be read"),
            (&unset, "bot", "RESYNC_TEST_THAT_NOBODY_SETS"),
            (&blank, "bot", "is empty"),
        ] {
            let message = refusal(secrets, name, "jira.example.com");
            assert!(message.contains(expected), "{message}");
        }
    }
}
