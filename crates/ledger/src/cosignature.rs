//! Cosignatures: a witness says that, as of a time, this is the largest tree it has seen of that log, and that it continues
//! all that it had seen before.
//!
//! The bytes only; what a witness checks before it signs stands in [`crate::witness`].
//!
//! # Source
//! C2SP tlog-cosignature, the Ed25519 form (`cosignature/v1`, signature type 4).

/// What is signed: a header, the time, and the text of the checkpoint.
///
/// # Units
/// Seconds since 1970.
pub fn message(time_s: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

/// Time and Ed25519 signature as they stand in a note: eight bytes, then 64.
pub(crate) fn bytes(time_s: u64, signature: &[u8; 64]) -> Vec<u8> {
    let mut bytes = time_s.to_be_bytes().to_vec();
    bytes.extend_from_slice(signature);
    bytes
}

/// The same, taken apart. The time does not exceed 2^63 − 1.
pub(crate) fn parts(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (time_s, signature) = bytes.split_first_chunk::<8>()?;
    let time_s = u64::from_be_bytes(*time_s);
    (signature.len() == 64 && i64::try_from(time_s).is_ok()).then_some((time_s, signature))
}
