//! Who asks. There is one account; everybody else is anonymous on Cloud and refused on Data Center.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::answer::set;
use crate::Flavour;
use crate::state::State;

/// The caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The account.
    Account,
    /// Nobody tried to log in.
    Anonymous,
    /// Somebody tried and failed.
    Refused,
    /// A Bearer that is no token of any kind.
    Unreadable,
}

pub(crate) fn caller(state: &State, headers: &HeaderMap) -> Caller {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Caller::Anonymous;
    };
    let Some((scheme, secret)) = header.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return Caller::Refused;
    };
    let accepted = match scheme.to_ascii_lowercase().as_str() {
        "basic" => basic(state, secret.trim()),
        "bearer" if secret.trim() == state.account.token => true,
        // A site does not take what looks like no token; the gateway for tokens is another host.
        "bearer" if state.flavour == Flavour::Cloud => return Caller::Unreadable,
        _ => false,
    };
    if accepted && !state.locked_out {
        Caller::Account
    } else {
        Caller::Refused
    }
}

/// Whether the caller shows a bearer token, good or bad.
pub(crate) fn is_bearer(headers: &HeaderMap) -> bool {
    let header = headers.get(AUTHORIZATION);
    let scheme = header.and_then(|header| header.to_str().ok()?.split_once(' '));
    scheme.is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
}

fn basic(state: &State, encoded: &str) -> bool {
    let decoded = STANDARD
        .decode(encoded)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let account = &state.account;
    decoded.is_some_and(|text| text.split_once(':') == Some((&account.name, &account.token)))
}

/// Adds what every answer tells about the caller.
pub(crate) fn tell(state: &State, caller: Caller, headers: &mut HeaderMap) {
    set(headers, "x-arequestid", &format!("{:x}", state.requests));
    let cloud = state.flavour == Flavour::Cloud;
    if cloud {
        let trace = state.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ state.requests;
        set(
            headers,
            "atl-traceid",
            &format!("{trace:016x}{:016x}", state.requests),
        );
    }
    match caller {
        Caller::Account if cloud => set(headers, "x-aaccountid", &state.account.account_id),
        Caller::Account => set(headers, "x-ausername", &state.account.name),
        Caller::Refused if cloud => {
            set(headers, "x-seraph-loginreason", "AUTHENTICATED_FAILED");
        }
        Caller::Refused => {
            set(headers, "x-seraph-loginreason", "AUTHENTICATION_DENIED");
            let login = format!("CAPTCHA_CHALLENGE; login-url={}/login.jsp", state.base_uri);
            set(headers, "x-authentication-denied-reason", &login);
        }
        Caller::Anonymous if !cloud => set(headers, "x-ausername", "anonymous"),
        Caller::Anonymous | Caller::Unreadable => {}
    }
}
