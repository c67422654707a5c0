//! The parser against its invariants, and against pulldown-cmark.

mod agreement;
mod chunking;
mod consumer;
mod grammar;
mod half_typed;
mod readings;
mod reference;
mod soup;
mod work;
