//! Generated worlds, and the comparisons that the engine has to stand up to.
//!
//! A world is an agreement from a grammar, what was reported, and what is asked, all of it text. The reference is
//! compared with itself, the engine with the reference, its history with the answers of every instant; what differs is
//! made smaller and written down as a scenario. A tool of the house: no user gets it, and nothing depends on it.
//!
//! What it does not do: say what is right. That is the reference, and where the reference is wrong a person says so.
//!
//! Invariants
//! - the same seed gives the same worlds and the same findings on every machine;
//! - whatever is found can be read: a world is text, and stays text while it is made smaller.
//!
//! Where to start reading: [`search`], then [`world`](mod@world) and [`compare`].

pub mod canary;
pub mod compare;
pub mod draft;
pub mod regression;
pub mod reload;
pub mod search;
pub mod shrink;
pub mod story;
pub mod streams;
pub mod ways;
pub mod world;
