//! Bytes as a signed envelope.

#![no_main]

use libfuzzer_sys::fuzz_target;
use servanda_ledger::envelope::Envelope;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(envelope) = Envelope::parse(bytes) {
        let again = Envelope::parse(envelope.to_json().as_bytes()).expect("what was written is read");
        assert_eq!(again, envelope);
    }
});
