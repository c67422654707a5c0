//! The bar on top of every page.

use leptos::prelude::*;

use super::keys_help::KeysHelp;
use super::language_switch::LanguageSwitch;
use super::running_articles::{RunningArticles, UnreachableLine};
use super::site_line::{PlainHttpLine, SignOut};
use super::theme_switch::ThemeSwitch;
use crate::app::navigation::use_navigation;
use crate::app::preferences::use_texts;

/// The name, the way to every page, language and theme, and the way out.
#[component]
pub fn Header() -> impl IntoView {
    let texts = use_texts();
    let place = use_navigation().place();
    // An article is in the library.
    let current = move |path: &'static str| {
        move || {
            let inside = |rest: &str| rest.is_empty() || (path != "/" && rest.starts_with('/'));
            place.with(|here| here.path.strip_prefix(path).is_some_and(inside)).then_some("page")
        }
    };
    view! {
        <a class="skip" href="#content">
            {texts.skip_to_content}
        </a>
        <header class="bar">
            <a class="word" href="/" aria-label="Inkstream">
                "Ink"
                <span>"stream"</span>
            </a>
            <nav aria-label=texts.main_navigation>
                <a href="/" aria-current=current("/")>
                    {texts.write}
                </a>
                <a href="/articles" aria-current=current("/articles")>
                    {texts.library}
                </a>
                <a href="/models" aria-current=current("/models")>
                    {texts.models}
                </a>
                <a href="/operations" aria-current=current("/operations")>
                    <span class="roomy">{texts.operations.nav}</span>
                    <span class="tight">{texts.operations.nav_short}</span>
                </a>
            </nav>
            <div class="end">
                <RunningArticles />
                <KeysHelp />
                <LanguageSwitch />
                <ThemeSwitch />
                <SignOut />
            </div>
        </header>
        <PlainHttpLine />
        <UnreachableLine />
    }
    .into_any()
}
