//! Server-sent events (WHATWG HTML, §9.2.6), decoded from bytes however they are cut.
