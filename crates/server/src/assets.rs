//! The page's files, compiled in from `web/`.

use crate::kept::Document;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A file of the page.
pub struct Asset {
    /// Its path under `/assets/`; the page itself has none.
    pub path: &'static str,
    /// Its type.
    pub mime: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! asset {
    ($path:literal, $mime:expr) => {
        Asset { path: $path, mime: $mime, bytes: include_bytes!(concat!("../../../web/", $path)) }
    };
}

/// The page.
pub const PAGE: Asset = asset!("index.html", HTML);

/// The frame of the pages of incidents, map and access.
pub const FRAME: Asset = asset!("pages.html", HTML);

/// The page on which a report is entered, with or without network.
pub const ENTRY: Asset = asset!("entry.html", HTML);

/// What lets it open without network.
pub const WORKER: Asset = asset!("entry-worker.js", JS);

/// What they load.
pub const ASSETS: &[Asset] = &[
    asset!("page.css", CSS),
    asset!("pages.css", CSS),
    asset!("page.js", JS),
    asset!("access.js", JS),
    asset!("address.js", JS),
    asset!("asking.js", JS),
    asset!("board.js", JS),
    asset!("card.js", JS),
    asset!("draft-editor.js", JS),
    asset!("draft.css", CSS),
    asset!("draft.js", JS),
    asset!("duties.js", JS),
    asset!("entry.css", CSS),
    asset!("entry.js", JS),
    asset!("entry-kept.js", JS),
    asset!("entry-words.js", JS),
    asset!("language.js", JS),
    asset!("element.js", JS),
    asset!("frame.js", JS),
    asset!("incident.js", JS),
    asset!("incidents.js", JS),
    asset!("invitation.js", JS),
    asset!("lab-plots.js", JS),
    asset!("lab.js", JS),
    asset!("map.js", JS),
    asset!("passkey.js", JS),
    asset!("people.js", JS),
    asset!("phrases-uk.json", JSON),
    asset!("points.js", JS),
    asset!("sheet.js", JS),
    asset!("start.js", JS),
    asset!("timeline.js", JS),
    asset!("vendor/codemirror.js", JS),
    asset!("vendor/codemirror.licences.txt", TEXT),
    asset!("words-draft-en.js", JS),
    asset!("words-draft-uk.js", JS),
    asset!("words-en.js", JS),
    asset!("words-uk.js", JS),
    asset!("icon.svg", SVG),
    asset!("outlines/ukraine.json", JSON),
    asset!("outlines/world.json", JSON),
];

/// All of them as they are answered: tag and bytes, packed once somebody takes them so.
static READY: LazyLock<BTreeMap<&str, (String, Document)>> = LazyLock::new(|| {
    let ready = |asset: &Asset| (asset.path, (asset.tag(), Document::of(asset.bytes)));
    ASSETS.iter().chain([&PAGE, &FRAME]).map(ready).collect()
});

impl Asset {
    /// Its tag, and its bytes as they are answered.
    pub(crate) fn ready(&self) -> (String, Document) {
        READY.get(self.path).cloned().unwrap_or_else(|| (self.tag(), Document::of(self.bytes)))
    }

    /// A tag that changes with the bytes (FNV-1a, 64 bits): for caches, not for trust.
    pub fn tag(&self) -> String {
        let hash = self
            .bytes
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
        format!("\"{hash:016x}\"")
    }
}
