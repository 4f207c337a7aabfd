//! An agreement's text.

use crate::Target;
use servanda_lang::format::format;

pub const TARGETS: &[Target] = &[Target { name: "agreement", seeds, read }];

fn read(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = servanda_lang::check(&text);
    let once = format(&text);
    assert_eq!(format(&once), once, "formatting twice changes nothing more");
    for to in servanda_lang::Language::ALL {
        if let Ok(translated) = servanda_lang::translate(&text, to) {
            assert_eq!(format(&translated), translated, "a translation is laid out");
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("../../tests/agreed/thirty-day-pause.md").to_vec(),
        include_bytes!("../../examples/konsultatsii-uk/konsultatsii.pact.md").to_vec(),
    ]
}
