//! The command line, run as a person runs it: every command, and what it says to bad input.

#![allow(clippy::disallowed_methods, reason = "a test measures how long garbage is looked at")]

mod agreements;
mod backtest;
mod disclosure;
mod draft;
mod encrypted;
mod findings;
mod import;
mod keeping;
mod links;
mod log;
mod lsp;
mod notice;
mod pages;
mod plan;
mod record;
mod report;
mod team;
mod terminal;
mod vault;
mod verdicts;
mod whole;
