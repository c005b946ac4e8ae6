//! Who calls, and what they may do.
//!
//! What it is not: sign-in. Today the only policy is that of a server on loopback, where every
//! caller is the local user; tokens and certificates plug in here.

use http::HeaderMap;
use resync_core::id::Principal;
use std::fmt;
use std::sync::Arc;

/// What a caller may be allowed to do, on a structure or at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Read a structure, its jobs and synchronizers.
    View,
    /// Edit the forest of a structure.
    Edit,
    /// Change and delete a structure; install and run its synchronizers.
    Control,
    /// Install and run synchronizers at all.
    ControlSynchronizers,
    /// Manage connections to trackers.
    AdminTrackers,
    /// Report changes of issues.
    IngestChanges,
    /// Run a resync without a preview.
    ForceResync,
}

impl Permission {
    /// The name of the permission, as errors tell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::View => "VIEW",
            Self::Edit => "EDIT",
            Self::Control => "CONTROL",
            Self::ControlSynchronizers => "synchronizers.control",
            Self::AdminTrackers => "trackers.admin",
            Self::IngestChanges => "trackers.ingest",
            Self::ForceResync => "resync.force",
        }
    }
}

/// Tells who calls, from the headers of the call; `None` when that is not known.
pub type Identify = dyn Fn(&HeaderMap) -> Option<Principal> + Send + Sync;

/// Tells whether a principal has a permission on a resource (empty: at all).
pub type Allows = dyn Fn(&Principal, Permission, &str) -> bool + Send + Sync;

/// The policy of the server.
#[derive(Clone)]
pub struct Access {
    identify: Arc<Identify>,
    allows: Arc<Allows>,
}

impl Access {
    /// A policy of two functions.
    pub fn new(identify: Arc<Identify>, allows: Arc<Allows>) -> Self {
        Self { identify, allows }
    }

    /// Every caller is `principal` and may do everything: for a server on loopback only.
    pub fn local(principal: Principal) -> Self {
        let identify = move |_: &HeaderMap| Some(principal.clone());
        Self::new(
            Arc::new(identify),
            Arc::new(|_: &Principal, _, _: &str| true),
        )
    }

    /// Who calls.
    pub fn identify(&self, headers: &HeaderMap) -> Option<Principal> {
        (self.identify)(headers)
    }

    /// Whether the caller has the permission on the resource.
    pub fn allows(&self, principal: &Principal, permission: Permission, resource: &str) -> bool {
        (self.allows)(principal, permission, resource)
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Access")
    }
}
