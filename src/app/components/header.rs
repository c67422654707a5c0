//! The bar on top of every page.

use leptos::prelude::*;
use leptos_router::components::A;

use super::keys_help::KeysHelp;
use super::language_switch::LanguageSwitch;
use super::running_articles::{RunningArticles, UnreachableLine};
use super::site_line::{PlainHttpLine, SignOut};
use super::theme_switch::ThemeSwitch;
use crate::app::preferences::use_texts;

/// The name, the way to every page, language and theme, and the way out.
#[component]
pub fn Header() -> impl IntoView {
    let texts = use_texts();
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
                <A href="/" exact=true>
                    {texts.write}
                </A>
                <A href="/articles">{texts.library}</A>
                <A href="/models">{texts.models}</A>
                <A href="/operations">
                    <span class="roomy">{texts.operations.nav}</span>
                    <span class="tight">{texts.operations.nav_short}</span>
                </A>
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
