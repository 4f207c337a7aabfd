//! The command line, run as a person runs it: every command, and what it says to bad input.

mod agreements;
mod import;
mod terminal;
mod verdicts;
mod whole;
