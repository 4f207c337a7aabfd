//! A seeded exercise world with its ground truth.
