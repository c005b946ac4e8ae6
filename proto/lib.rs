//! The API of Resync as Rust types, client and server stubs, and descriptors.
//!
//! What it is not: hand-written. Everything is generated from `proto/resync/v1` by `build.rs`;
//! the comments there are the documentation.

/// Version 1 of the API: package `resync.v1`.
pub mod v1 {
    #![expect(clippy::all, reason = "generated")]
    #![expect(
        rustdoc::invalid_rust_codeblocks,
        reason = "the comments show grpcurl, not Rust"
    )]
    tonic::include_proto!("resync.v1");
}

/// The encoded `FileDescriptorSet` of the API with its imports and comments: for reflection, for
/// dynamic clients, and for tests that walk over every method and field.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.binpb"));

/// The domain of `google.rpc.ErrorInfo` in every error of this API.
pub const ERROR_DOMAIN: &str = "resync.internal";
