//! Bytes as the statement of a submission.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = servanda_evidence::outbox::parse(bytes) {
        let written = servanda_evidence::outbox::payload(&read);
        assert_eq!(servanda_evidence::outbox::parse(written.as_bytes()).as_ref(), Ok(&read));
    }
});
