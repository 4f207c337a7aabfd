//! Scenarios in Markdown: agreement, records, expected verdicts with reasons.
