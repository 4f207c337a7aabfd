//! Text as a mapping file.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = servanda_evidence::Mapping::parse(text);
});
