//! The parts that pages are made of, one a file.

pub mod article_view;
pub mod brief_form;
pub mod code_copy;
pub mod confirm;
pub mod copy_markdown;
pub mod demo_note;
pub mod facts;
pub mod field;
pub mod header;
pub mod ideas;
pub mod language_switch;
pub mod library_row;
pub mod live_bar;
pub mod moment;
pub mod notices;
pub mod outline;
pub mod problem_note;
pub mod regenerate;
pub mod revision_bar;
pub mod sampling_fields;
pub mod stage_progress;
pub mod stop_button;
pub mod style_choice;
pub mod theme_switch;
pub mod topic_field;
