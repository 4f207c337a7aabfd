//! Documents that were made for an audience, kept while what they were made of stands: at the cut-off of a report everybody asks for
//! the same at once.
//!
//! What it deliberately does not do: keep anything for two audiences. It lies within a [`Served`], which is made of what one audience
//! may see and of nothing else; what is made for a person (a form with its token, a page with a name) is not kept.
//!
//! Invariants
//! - what is kept is what would be made now: it is told apart by its address, by the question, and by the records that were there;
//! - a question about a moment up to which all is known is not asked anew because something later came in;
//! - a document is made once, however many ask for it at the same time; what could not be made is tried again;
//! - it holds [`MOST`] bytes at most: the ones asked for longest ago go first.
//!
//! Where to start reading: [`Served::kept`], then [`packed`].

use crate::stand::{Found, Make};
use crate::{Problem, Served};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use servanda_model::Question;
use std::collections::{BTreeSet, VecDeque};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// Bytes of all documents of an audience.
const MOST: usize = 48 << 20;
/// And so many documents, whatever they weigh.
const MOST_DOCUMENTS: usize = 200;
/// What is shorter is sent as it is.
const WORTH_PACKING: usize = 1_024;

/// A document: its bytes, and the same packed, once somebody takes it so.
#[derive(Clone, Debug)]
pub(crate) struct Document(Arc<Both>);

#[derive(Debug)]
struct Both {
    plain: Bytes,
    packed: OnceCell<Bytes>,
    /// The records that it is about, where it is about single ones.
    about: BTreeSet<String>,
    /// What a browser saves it as.
    name: Option<String>,
}

impl Document {
    pub(crate) fn of(plain: impl Into<Bytes>) -> Document {
        Document::about(plain, BTreeSet::new())
    }

    pub(crate) fn about(plain: impl Into<Bytes>, about: BTreeSet<String>) -> Document {
        Document(Arc::new(Both { plain: plain.into(), packed: OnceCell::new(), about, name: None }))
    }

    pub(crate) fn named(plain: impl Into<Bytes>, name: String) -> Document {
        let (packed, about) = (OnceCell::new(), BTreeSet::new());
        Document(Arc::new(Both { plain: plain.into(), packed, about, name: Some(name) }))
    }

    pub(crate) fn bytes(&self) -> Bytes {
        self.0.plain.clone()
    }

    pub(crate) fn records(&self) -> &BTreeSet<String> {
        &self.0.about
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Both forms together, as far as they are made.
    fn weight(&self) -> usize {
        self.0.plain.len() + self.0.packed.get().map_or(0, Bytes::len)
    }

    /// Packs it before anybody takes it so, where that is worth it. It blocks.
    pub(crate) fn pack(&self) {
        if self.0.plain.len() >= WORTH_PACKING
            && let Ok(packed) = pack(&self.0.plain)
        {
            // Whoever packed it meanwhile has the same bytes.
            let _ = self.0.packed.set(packed);
        }
    }

    /// The bytes packed, made once on a thread that may block.
    async fn packed(&self) -> Result<Bytes, Problem> {
        let made = self.0.packed.get_or_try_init(|| async {
            let plain = self.bytes();
            tokio::task::spawn_blocking(move || pack(&plain))
                .await
                .map_err(|e| Problem::bug(&e))?
                .map_err(|e| Problem::bug(&e))
        });
        made.await.cloned()
    }
}

fn pack(plain: &[u8]) -> std::io::Result<Bytes> {
    let mut out = GzEncoder::new(Vec::with_capacity(plain.len() / 6), Compression::fast());
    out.write_all(plain).and_then(|()| out.finish()).map(Bytes::from)
}

/// What tells documents apart: address, question, how often the records had been replaced, and how many there were, where that matters.
type Key = (String, Question, u64, Option<usize>);

/// The documents of one audience.
#[derive(Default)]
pub(crate) struct Documents(Mutex<VecDeque<(Key, Arc<OnceCell<Document>>)>>);

impl Documents {
    /// Keeps a document that was made before anybody asked for it.
    pub(crate) fn put(&self, what: String, of: (&Question, u64, Option<usize>), document: Document) {
        // Whoever made it meanwhile made the same.
        let _ = self.cell(key(what, of)).set(document);
    }

    /// Lets go of all of a question and the records that were there.
    pub(crate) fn forget(&self, (question, turn, count): (&Question, u64, Option<usize>)) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|((_, of, its_turn, its_count), _)| {
            (of, *its_turn, *its_count) != (question, turn, count)
        });
    }

    fn cell(&self, key: Key) -> Arc<OnceCell<Document>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|(of, _)| *of == key);
        let entry = found.and_then(|i| kept.remove(i)).unwrap_or_else(|| (key, Arc::default()));
        let cell = entry.1.clone();
        kept.push_front(entry);
        let mut weight = 0;
        let enough = kept.iter().take(MOST_DOCUMENTS).take_while(|(_, cell)| {
            weight += cell.get().map_or(0, Document::weight);
            weight <= MOST
        });
        let enough = enough.count().max(1);
        kept.truncate(enough);
        cell
    }
}

fn key(what: String, (question, turn, count): (&Question, u64, Option<usize>)) -> Key {
    (what, question.clone(), turn, count)
}

impl Served {
    /// A document of this audience: kept, under way, or made now on a thread that may block. `what` is everything that its bytes depend
    /// on besides the question and the records.
    pub(crate) async fn kept(
        self: &Arc<Self>,
        what: String,
        found: Found,
        make: Arc<Make>,
    ) -> Result<Document, Problem> {
        let question = &found.board.question;
        let key = match &found.stand {
            Some(stand) => {
                self.behind.wants(&what, &make);
                key(what, stand.key())
            }
            None => (what, question.clone(), self.known.turns(), self.depends(question)),
        };
        let cell = self.documents.cell(key);
        let made = cell.get_or_try_init(|| {
            let served = self.clone();
            async move {
                let work = move || make(&served, &found);
                tokio::task::spawn_blocking(work).await.map_err(|e| Problem::bug(&e))?
            }
        });
        made.await.cloned()
    }

    /// How many records there are, where an answer to this question may still change with what comes in.
    pub(crate) fn depends(&self, question: &Question) -> Option<usize> {
        let (complete_to, count) = self.known.reached();
        (question.known_at > complete_to || question.at > complete_to).then_some(count)
    }
}

/// Whether this can be sent packed to whoever sends these headers.
pub(crate) fn takes_packed(headers: &HeaderMap) -> bool {
    let all = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok());
    let mut codings = all.flat_map(|text| text.split(','));
    codings.any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32)));
        is_gzip && !refused
    })
}

/// The answer with its body packed, where it is a kept document, that is worth it, and the asker takes it.
pub(crate) async fn packed(mut response: Response, takes: bool) -> Response {
    let Some(document) = response.extensions_mut().remove::<Document>() else { return response };
    if document.0.plain.len() < WORTH_PACKING {
        return response;
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    if !takes || !response.status().is_success() {
        return response;
    }
    let Ok(bytes) = document.packed().await else { return response };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.remove(header::CONTENT_LENGTH);
    // Other bytes are another representation, with a tag of its own.
    let tag =
        headers.get(header::ETAG).and_then(|tag| tag.to_str().ok()?.strip_suffix('"').map(String::from));
    if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(&format!("{tag}{PACKED}\"")).ok()) {
        headers.insert(header::ETAG, tag);
    }
    *response.body_mut() = axum::body::Body::from(bytes);
    response
}

/// How the tag of a packed file ends.
pub(crate) const PACKED: &str = "-gzip";

#[cfg(test)]
mod tests {
    use super::*;
    use servanda_model::Instant;

    fn key(what: &str, at: i64) -> Key {
        (what.to_string(), Question::at(Instant(at)), 0, None)
    }

    #[test]
    fn what_is_asked_for_again_is_the_same_and_another_question_is_not() {
        let documents = Documents::default();
        let one = documents.cell(key("a", 1));
        assert!(Arc::ptr_eq(&one, &documents.cell(key("a", 1))));
        for other in [key("b", 1), key("a", 2), ("a".into(), Question::at(Instant(1)), 1, None)] {
            assert!(!Arc::ptr_eq(&one, &documents.cell(other)));
        }
    }

    #[test]
    fn what_is_kept_is_bounded_by_its_bytes_and_the_last_asked_for_stays() {
        let documents = Documents::default();
        for i in 0..10 {
            let cell = documents.cell(key("heavy", i));
            cell.set(Document::of(vec![0; MOST / 4])).unwrap();
        }
        let held = || documents.0.lock().unwrap().len();
        drop(documents.cell(key("light", 0)));
        assert!(held() <= 5, "{}", held());
        assert!(documents.cell(key("heavy", 9)).get().is_some());
        assert!(documents.cell(key("heavy", 0)).get().is_none());
        for i in 0..1_000 {
            drop(documents.cell(key("light", i)));
        }
        assert!(held() <= MOST_DOCUMENTS);
    }

    #[test]
    fn packed_is_sent_to_those_who_take_it() {
        let takes = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(text).unwrap());
            takes_packed(&headers)
        };
        assert!(takes("gzip, deflate, br") && takes("br;q=1, GZIP;q=0.5"));
        assert!(!takes("br") && !takes("gzip;q=0") && !takes("") && !takes_packed(&HeaderMap::new()));
    }
}
