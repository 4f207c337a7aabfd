//! Typed fields with spans, read from the trees.
