//! Bytes as a file of the format `osce`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use servanda_evidence::import::{Context, Format, import};
use servanda_model::Instant;

fuzz_target!(|bytes: &[u8]| {
    let context = Context::new(Instant(1_767_225_600_000), "fuzz");
    if let Ok(import) = import(Format::Osce, bytes, None, &context) {
        for record in &import.records {
            let line = servanda_evidence::record_json::to_json(record);
            assert_eq!(servanda_evidence::record_json::from_json(&line).as_ref(), Ok(record));
        }
    }
});
