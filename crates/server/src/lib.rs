//! The web page and its JSON, served by the binary.
