//! Bad input for every method and every field of its request, enumerated from the descriptors:
//! a method or a field that is added without a case here fails the test.
//!
//! Each case is sent to a real server and must be refused with the right code, reason and field,
//! in a status of less than 4 KiB, and must leave the store as it was, byte for byte.

mod descriptors;
mod structures;
mod synchronizers;
mod the_rest;
mod webhooks;

use crate::support::{TestServer, fields, reason};
use base64::Engine as _;
use std::collections::BTreeSet;
use tonic::{Code, Status};

/// The server, and which fields of which methods have a case.
pub(crate) struct Table {
    pub(crate) server: TestServer,
    covered: BTreeSet<(String, String)>,
    before: Vec<Vec<u8>>,
}

impl Table {
    /// Notes that a bad value of a field was refused for a reason, and changed nothing.
    #[track_caller]
    pub(crate) fn refused(
        &mut self,
        method: &str,
        field: &str,
        expected: &str,
        result: Result<(), Status>,
    ) {
        let status = result.expect_err(&format!("{method}: a bad {field} is accepted"));
        let code = match expected {
            "RESOURCE_CHANGED" => Code::Aborted,
            _ => Code::InvalidArgument,
        };
        let found = (status.code(), reason(&status));
        assert_eq!(
            found,
            (code, expected.to_owned()),
            "{method} {field}: {status:?}"
        );
        if code == Code::InvalidArgument {
            let found: Vec<String> = fields(&status).iter().map(|path| pattern(path)).collect();
            assert_eq!(found, [field], "{method}");
        }
        let details = base64::engine::general_purpose::STANDARD.encode(status.details());
        let size = details.len() + 3 * status.message().len();
        assert!(size < 4096, "{method} {field}: {size} bytes");
        assert_eq!(
            self.server.stored(),
            self.before,
            "{method} {field}: the store has changed"
        );
        self.covered.insert((method.to_owned(), field.to_owned()));
    }

    /// Notes that nothing can be wrong with a field, and why.
    pub(crate) fn nothing(&mut self, method: &str, field: &str, why: &str) {
        assert!(!why.is_empty());
        self.covered.insert((method.to_owned(), field.to_owned()));
    }
}

/// The path of a field without the indices: `changes[0].add_rows` is `changes[].add_rows`.
fn pattern(path: &str) -> String {
    path.chars()
        .filter(|character| !character.is_ascii_digit())
        .collect()
}

#[tokio::test]
async fn every_field_of_every_request_refuses_what_is_wrong_and_changes_nothing() {
    let server = TestServer::start().await;
    server.seed().await;
    let before = server.stored();
    let mut table = Table {
        server,
        covered: BTreeSet::new(),
        before,
    };
    structures::cases(&mut table).await;
    synchronizers::cases(&mut table).await;
    the_rest::cases(&mut table).await;
    webhooks::cases(&mut table).await;

    let wanted = descriptors::request_fields();
    let missing: Vec<_> = wanted.difference(&table.covered).collect();
    assert!(missing.is_empty(), "no case for {missing:#?}");
    let unknown: Vec<_> = table.covered.difference(&wanted).collect();
    assert!(
        unknown.is_empty(),
        "cases for fields that are not there: {unknown:#?}"
    );
}
