//! Base64 as addresses and tokens have it: without padding, and read strictly, so that one value has one text.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// As text.
pub(crate) fn write(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a text; `None` where it is none.
pub(crate) fn read(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// As HTTP has it: the other alphabet, with padding.
pub(crate) fn padded(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
