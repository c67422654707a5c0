//! What has to be said in each language.

use super::operations::OperationsTexts;
use crate::app::brief_draft::{Field, FieldFault};
use crate::app::preferences::Theme;
use crate::app::progress::Connection;
use crate::article::brief::{Priority, Range, Style};
use crate::article::event::{GenerationState, Notice, RouteReason, Stage};
use crate::article::generation::AttemptOutcome;
use crate::article::problem::Problem;

/// How a field of the brief is introduced.
#[derive(Clone, Copy, Debug)]
pub struct FieldText {
    /// Its name.
    pub label: &'static str,
    /// What it does, in a sentence.
    pub hint: &'static str,
    /// What could stand in it.
    pub example: &'static str,
}

/// A topic to start from.
#[derive(Clone, Copy, Debug)]
pub struct Idea {
    /// The topic.
    pub topic: &'static str,
    /// What kind of article comes of it.
    pub about: &'static str,
    /// Its style.
    pub style: Style,
    /// The language of both texts.
    pub lang: &'static str,
}

/// The topics to start from. They are the same in both languages of the interface, so that either
/// reader sees that both can be written.
pub const IDEAS: [Idea; 4] = [
    Idea {
        topic: "PostgreSQL or SQLite for a small service?",
        about: "Technical · a comparison with numbers",
        style: Style::Technical,
        lang: "en",
    },
    Idea {
        topic: "用 Rust 写一个命令行工具",
        about: "教程 · 从零到发布",
        style: Style::Tutorial,
        lang: "zh-CN",
    },
    Idea {
        topic: "Your first Kubernetes probe",
        about: "Tutorial · with exercises",
        style: Style::Tutorial,
        lang: "en",
    },
    Idea {
        topic: "大模型推理是怎么省钱的",
        about: "综述 · 量化、缓存、路由",
        style: Style::Overview,
        lang: "zh-CN",
    },
];

/// All words of one language. Functions stand where a text depends on something.
#[derive(Debug)]
#[expect(missing_docs, reason = "a field is named after the place or the thing that it words")]
pub struct Texts {
    // The frame of every page.
    /// The name of the other language of the interface, in that language.
    pub other_language: &'static str,
    /// What stands between two sentences.
    pub between: &'static str,
    pub skip_to_content: &'static str,
    pub main_navigation: &'static str,
    pub write: &'static str,
    pub library: &'static str,
    pub running: fn(usize) -> String,
    pub unreachable: &'static str,
    pub keys_title: &'static str,
    /// Keys, and what they do.
    pub keys: &'static [(&'static [&'static str], &'static str)],
    pub keys_letters: &'static str,
    pub close: &'static str,
    pub load_again: &'static str,
    pub client_late: &'static str,
    pub part_missing: &'static str,
    pub part_missing_hint: &'static str,
    pub models: &'static str,
    pub switch_language: &'static str,
    pub theme: fn(Theme) -> &'static str,
    pub needs_javascript: &'static str,

    // The brief.
    pub compose_title: &'static str,
    pub site_description: &'static str,
    pub ask: &'static str,
    pub style_label: &'static str,
    pub style: fn(Style) -> &'static str,
    pub more: &'static str,
    pub details: &'static str,
    pub sampling: &'static str,
    pub field: fn(Field) -> FieldText,
    pub advised: fn(Range) -> String,
    pub unusual: fn(Range) -> String,
    pub fault: fn(&FieldFault) -> String,
    pub characters_left: fn(usize) -> String,
    pub characters_over: fn(usize) -> String,
    pub language_of_topic: &'static str,
    pub model_by_style: &'static str,
    pub priority_by_configuration: &'static str,
    pub priority: fn(Priority) -> &'static str,
    pub will_write: fn(&str) -> String,
    pub will_write_demo: fn(&str) -> String,
    pub submit: &'static str,
    pub submitting: &'static str,
    pub rewrite: &'static str,
    pub ideas: &'static str,
    pub demo_only: &'static str,

    // An article, while and after it is written.
    pub outline: &'static str,
    pub sections: &'static str,
    pub progress: &'static str,
    pub facts: &'static str,
    pub stage: fn(Stage) -> &'static str,
    pub stage_state: fn(StageState) -> &'static str,
    pub first_token: &'static str,
    pub speed: &'static str,
    pub speed_unit: &'static str,
    pub written: &'static str,
    pub tokens_unit: &'static str,
    pub cost: &'static str,
    pub tokens: &'static str,
    pub in_all: &'static str,
    pub attempts: &'static str,
    pub outcome: fn(Option<AttemptOutcome>) -> &'static str,
    pub seams: &'static str,
    /// At which per cent of the text.
    pub seam_at: fn(u8) -> String,
    pub seam_between: fn(Option<&str>, &str) -> String,
    /// By the reason of a seam.
    pub seam_why: fn(&str) -> String,
    pub write_from_here: &'static str,
    pub write_anew: &'static str,
    pub cost_unknown: &'static str,
    /// What a model without costs costs.
    pub cost_free: &'static str,
    pub cost_estimate: fn(&str) -> String,
    pub cost_about: fn(&str) -> String,
    pub model: &'static str,
    pub route_reason: fn(&RouteReason) -> String,
    pub notices: &'static str,
    pub notice: fn(&Notice) -> String,
    pub warnings: &'static str,
    pub warning: fn(&str, &str) -> String,
    pub reasoning: &'static str,
    pub stop: &'static str,
    pub stopping: &'static str,
    pub jump_to_end: &'static str,
    pub connection: fn(Connection) -> &'static str,
    pub lumps: &'static str,
    pub state: fn(GenerationState) -> &'static str,
    pub waiting: &'static str,
    pub started: &'static str,
    pub ended: fn(GenerationState) -> &'static str,
    pub title_writing: fn(&str) -> String,
    pub title_ended: fn(GenerationState, &str) -> String,
    pub minutes_to_read: fn(u32) -> String,
    pub words: fn(u32, &str) -> String,
    pub machine_written: &'static str,
    pub being_written: &'static str,
    pub revision_of: fn(u32, usize) -> String,
    pub revision_number: fn(u32) -> String,
    pub ended_after: fn(GenerationState, &str) -> String,
    pub left_to_others: &'static str,
    pub upstream_closed: fn(&str) -> String,
    pub nobody_asked: &'static str,
    pub not_current: &'static str,
    pub make_current: &'static str,
    pub back_to_current: &'static str,
    pub revisions: &'static str,
    pub compare: &'static str,
    pub compare_with_current: &'static str,
    pub compare_older: &'static str,
    pub compare_newer: &'static str,
    pub words_changed: fn(u32, u32) -> String,
    pub nothing_changed: &'static str,
    pub unchanged_blocks: fn(usize) -> String,
    pub only_here: fn(u32) -> String,
    pub current_one: &'static str,
    pub back_to_article: &'static str,
    pub continue_writing: &'static str,
    pub regenerate: &'static str,
    pub regenerate_title: &'static str,
    pub regenerate_note: &'static str,
    pub cancel: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    pub copy_failed: &'static str,
    pub copy_markdown: &'static str,
    pub download_markdown: &'static str,
    pub no_text_yet: &'static str,
    pub ended_without_text: &'static str,
    pub text_kept: &'static str,
    pub nothing_written: &'static str,
    pub rejected: fn(&str) -> String,
    pub interrupted: &'static str,
    pub tags: &'static str,

    // Connecting models.
    pub connect_model: &'static str,
    pub connect_nothing: &'static str,
    pub connect_found: &'static str,
    pub connect_routes: &'static str,
    pub connect_then: fn(&str) -> String,
    pub connect_providers: &'static str,
    pub connect_demo: &'static str,
    pub connect_with_key: &'static str,
    pub connect_without_key: &'static str,
    pub connect_no_models: &'static str,
    pub connect_model_of: fn(&str) -> String,
    pub connect_test: &'static str,
    pub connect_testing: &'static str,
    pub connect_works: fn(&str, &str) -> String,
    pub connect_more: &'static str,
    pub connect_how: &'static str,
    pub connect_other: &'static str,
    pub connect_other_how: &'static str,
    pub connect_local: &'static str,
    pub connect_local_how: &'static str,

    // The article's page, and correcting it.
    pub download_html: &'static str,
    pub edit: &'static str,
    pub edit_title: &'static str,
    pub edit_text: &'static str,
    pub edit_write: &'static str,
    pub edit_preview: &'static str,
    pub edit_save: &'static str,
    pub edit_saving: &'static str,
    pub edit_leave: &'static str,
    pub edited_by_hand: &'static str,
    /// Of an article that has another name than the title in its text.
    pub named: fn(&str) -> String,
    pub draft_kept: fn(&str) -> String,
    pub draft_not_kept: &'static str,
    pub draft_here: fn(&str) -> String,
    pub draft_behind: &'static str,
    pub drafts_older: fn(usize) -> String,
    pub draft_go_on: &'static str,
    pub draft_discard: &'static str,
    pub saved_elsewhere: &'static str,
    pub show_both: &'static str,
    pub conflict_title: &'static str,
    pub conflict_note: &'static str,
    pub conflict_mine: &'static str,
    pub conflict_theirs: &'static str,
    pub not_in_theirs: &'static str,
    pub not_in_mine: &'static str,
    pub keep_mine: &'static str,
    pub take_theirs: &'static str,
    pub back_to_editing: &'static str,

    // The library.
    pub library_empty: &'static str,
    pub library_empty_hint: &'static str,
    pub start_first: &'static str,
    pub delete: &'static str,
    pub delete_ask: &'static str,
    pub keep: &'static str,
    pub deleted: fn(&str) -> String,
    pub undo: &'static str,
    pub show_more: &'static str,
    pub loading: &'static str,
    pub updated: &'static str,
    // The library: finding, renaming, several at once.
    pub search: &'static str,
    pub search_placeholder: &'static str,
    pub filter_state: &'static str,
    pub filter_language: &'static str,
    pub all_states: &'static str,
    pub all_styles: &'static str,
    pub all_languages: &'static str,
    pub articles_in_all: fn(u32) -> String,
    pub found: fn(u32) -> String,
    pub found_more_than: fn(u32) -> String,
    pub nothing_found: &'static str,
    pub nothing_found_for: fn(&str) -> String,
    pub nothing_found_hint: &'static str,
    pub show_all: &'static str,
    pub rename: &'static str,
    pub new_title_of: fn(&str) -> String,
    pub select_article: fn(&str) -> String,
    pub selection: &'static str,
    pub selected: fn(usize) -> String,
    pub select_none: &'static str,
    pub delete_selected: &'static str,
    pub deleted_several: fn(usize) -> String,

    /// The page of those who run the installation.
    pub operations: &'static OperationsTexts,

    // Signing in, and what the connection is.
    pub sign_in: &'static str,
    pub sign_out: &'static str,
    pub plain_http: &'static str,
    pub understood: &'static str,

    // When something fails.
    pub not_found_title: &'static str,
    pub not_found_hint: &'static str,
    pub article_not_found: &'static str,
    pub article_not_found_hint: &'static str,
    pub failed_to_load: &'static str,
    pub to_library: &'static str,
    pub try_again: &'static str,
    pub network_failed: &'static str,
    pub network_failed_hint: &'static str,
    pub typed_is_kept: &'static str,
    pub bad_answer: &'static str,
    pub bad_answer_hint: &'static str,
    /// What happened and what can be done, for the codes that readers meet; the server's own words
    /// for the rest.
    pub problem: fn(&Problem) -> (String, String),
    pub request_id: fn(&str) -> String,
}

/// Where a stage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageState {
    /// Its turn has not come.
    Pending,
    /// It is going on.
    Now,
    /// It is over.
    Done,
    /// The generation ended in it.
    Stopped,
}
