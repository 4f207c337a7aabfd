//! Paragraphs of the semantics that a scenario cannot reach.
