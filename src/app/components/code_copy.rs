//! Copy buttons on blocks of code, also on one that is still being written.

use leptos::logging::warn;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlElement, HtmlTextAreaElement};

use crate::app::i18n::Texts;
use crate::renderer::{copy_button, make_scrollable};

/// Gives an article that the server rendered what only makes sense in a browser: a button over
/// every block of code, and the keyboard's way to what can be scrolled.
pub fn bring_to_life(article: &Element, texts: &'static Texts) {
    for caption in all(article, "figure.code > figcaption") {
        let added =
            copy_button(&document(), texts.copy).and_then(|button| caption.append_child(&button));
        if let Err(error) = added {
            warn!("a copy button could not be made: {error:?}");
        }
    }
    for wide in all(article, "figure.code > pre, .table") {
        if let Err(error) = make_scrollable(&wide) {
            warn!("a wide block cannot be reached by the keyboard: {error:?}");
        }
    }
}

fn all(article: &Element, selector: &str) -> Vec<Element> {
    let Ok(found) = article.query_selector_all(selector) else {
        return Vec::new();
    };
    (0..found.length()).filter_map(|index| found.get(index)?.dyn_into().ok()).collect()
}

/// Handles a click anywhere in an article: copies when it was on a copy button.
pub fn clicked(event: &web_sys::MouseEvent, texts: &'static Texts) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(button) = target.and_then(|it| it.closest("button[data-copy]").ok().flatten()) else {
        return;
    };
    let code = button
        .closest("figure")
        .ok()
        .flatten()
        .and_then(|figure| figure.query_selector("pre > code").ok().flatten())
        .and_then(|code| code.text_content());
    let Some(code) = code else {
        return;
    };
    spawn_local(async move {
        let copied = copy_text(&code).await;
        button.set_text_content(Some(if copied { texts.copied } else { texts.copy_failed }));
        set_timeout(
            move || button.set_text_content(Some(texts.copy)),
            std::time::Duration::from_secs(2),
        );
    });
}

/// Puts a text on the clipboard; says whether it is there.
pub async fn copy_text(text: &str) -> bool {
    // Over plain HTTP the property is undefined, and any call on it would throw.
    let navigator = window().navigator();
    let clipboard = js_sys::Reflect::get(&navigator, &"clipboard".into());
    if clipboard.is_ok_and(|clipboard| !clipboard.is_undefined())
        && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
    {
        return true;
    }
    copy_by_selection(text).unwrap_or(false)
}

/// The way of before the clipboard API, which works without HTTPS.
fn copy_by_selection(text: &str) -> Option<bool> {
    let document = document();
    let focused = document.active_element();
    let area: HtmlTextAreaElement = document.create_element("textarea").ok()?.dyn_into().ok()?;
    area.set_value(text);
    area.set_class_name("unseen");
    document.body()?.append_child(&area).ok()?;
    area.select();
    let copied = document
        .dyn_ref::<web_sys::HtmlDocument>()
        .and_then(|document| document.exec_command("copy").ok());
    area.remove();
    if let Some(focused) = focused.and_then(|focused| focused.dyn_into::<HtmlElement>().ok())
        && focused.focus().is_err()
    {
        warn!("the focus could not be given back");
    }
    copied
}
