//! Opaque tokens: page tokens, resume tokens and confirmation tokens.
//!
//! A token is a payload with a signature over the payload and over what the token is for. So the
//! server stores nothing, and sees at once that a token is of another request or another server.

use crate::refusal::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use resync_core::id::{JobId, Principal, Uid};
use resync_core::job::PlanSummary;
use resync_core::synchronizer::Direction;
use sha2::Sha256;

/// Bytes of the signature in page and resume tokens. They guard against mistakes and probing, not
/// a secret: what is behind a forged one is readable to its forger anyway.
const SHORT_SIGNATURE_BYTES: usize = 8;

/// What a confirmation token starts with, so that people and scanners can tell what it is.
const CONFIRMATION_PREFIX: &str = "rsc1.";

/// Bytes of a job's number in a confirmation token.
const JOB_BYTES: usize = 8;

/// Makes and reads tokens.
#[derive(Clone)]
pub(crate) struct Sealer {
    key: Hmac<Sha256>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Sealer")
    }
}

impl Sealer {
    /// Signs with the secret of the server.
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self {
            key: Hmac::new_from_slice(secret).expect("HMAC takes a key of any length"),
        }
    }

    /// A token for `scope`: everything that must be the same when it comes back.
    pub(crate) fn seal(&self, scope: &[&[u8]], payload: &[u8]) -> String {
        let mut token = self.sign(scope, payload)[..SHORT_SIGNATURE_BYTES].to_vec();
        token.extend_from_slice(payload);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// The payload of a token.
    ///
    /// # Errors
    /// `TOKEN_INVALID` for `field`.
    pub(crate) fn open(
        &self,
        field: &str,
        scope: &[&[u8]],
        token: &str,
    ) -> Result<Vec<u8>, Refusal> {
        let bytes = URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| Refusal::token(field))?;
        let Some((signature, payload)) = bytes.split_at_checked(SHORT_SIGNATURE_BYTES) else {
            return Err(Refusal::token(field));
        };
        if self.sign(scope, payload)[..SHORT_SIGNATURE_BYTES] != *signature {
            return Err(Refusal::token(field));
        }
        Ok(payload.to_vec())
    }

    /// The token that confirms a plan.
    pub(crate) fn confirmation(&self, plan: &Confirmable<'_>) -> String {
        let mut token = plan.preview.0.to_be_bytes().to_vec();
        token.extend_from_slice(&self.confirmation_key(plan).finalize().into_bytes());
        format!("{CONFIRMATION_PREFIX}{}", URL_SAFE_NO_PAD.encode(token))
    }

    /// The preview that a confirmation token says it is of; `None` when it is no such token.
    pub(crate) fn previewed(token: &str) -> Option<JobId> {
        let bytes = URL_SAFE_NO_PAD
            .decode(token.strip_prefix(CONFIRMATION_PREFIX)?)
            .ok()?;
        let number = bytes.first_chunk::<JOB_BYTES>()?;
        Some(JobId(i64::from_be_bytes(*number)))
    }

    /// Whether a token confirms that plan. Takes the same time whatever differs.
    pub(crate) fn confirms(&self, token: &str, plan: &Confirmable<'_>) -> bool {
        let Some(text) = token.strip_prefix(CONFIRMATION_PREFIX) else {
            return false;
        };
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) else {
            return false;
        };
        let Some(signature) = bytes.get(JOB_BYTES..) else {
            return false;
        };
        self.confirmation_key(plan).verify_slice(signature).is_ok()
    }

    fn confirmation_key(&self, plan: &Confirmable<'_>) -> Hmac<Sha256> {
        let mut key = self.key.clone();
        let direction = match plan.direction {
            Direction::IntoStructure => b"into",
            Direction::FromStructure => b"from",
        };
        feed(&mut key, b"confirmation");
        feed(&mut key, plan.preview_uid.as_str().as_bytes());
        feed(&mut key, plan.principal.as_str().as_bytes());
        feed(&mut key, plan.synchronizer_uid.as_str().as_bytes());
        feed(&mut key, plan.synchronizer_etag.as_bytes());
        feed(&mut key, direction);
        feed(&mut key, &plan.summary.forest_version.0.to_be_bytes());
        feed(&mut key, plan.summary.fingerprint.as_bytes());
        feed(&mut key, &plan.summary.expire_time.0.to_be_bytes());
        key
    }

    fn sign(&self, scope: &[&[u8]], payload: &[u8]) -> [u8; 32] {
        let mut key = self.key.clone();
        for part in scope {
            feed(&mut key, part);
        }
        feed(&mut key, payload);
        key.finalize().into_bytes().into()
    }
}

/// Each part with its length, so that no two lists of parts are the same bytes.
fn feed(key: &mut Hmac<Sha256>, part: &[u8]) {
    key.update(&(part.len() as u64).to_be_bytes());
    key.update(part);
}

/// Everything that a confirmation token is bound to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Confirmable<'a> {
    /// The preview.
    pub preview: JobId,
    /// The uid of the preview.
    pub preview_uid: &'a Uid,
    /// Who asked for the preview.
    pub principal: &'a Principal,
    /// The synchronizer.
    pub synchronizer_uid: &'a Uid,
    /// The etag of the synchronizer when the preview was accepted.
    pub synchronizer_etag: &'a str,
    /// The direction of the preview.
    pub direction: Direction,
    /// The plan.
    pub summary: &'a PlanSummary,
}
