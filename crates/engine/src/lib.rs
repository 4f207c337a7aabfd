//! Agreement, records and a moment in, verdicts with reasons out.
