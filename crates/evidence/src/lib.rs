//! Formats in, records out; gazetteer and zones.
