//! Randomness: for keys, salts and request numbers. Drawn here, at the edge, from the system, and handed in.

use crate::failure::Failure;

/// Random bytes.
pub fn bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|e| Failure::new(format!("the system gives no random bytes: {e}")))
        .map(|()| bytes)
}
