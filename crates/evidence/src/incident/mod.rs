//! The incident record: placeholder while it is being written.
pub mod details;
