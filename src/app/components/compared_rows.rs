//! Two texts side by side, block by block; what did not change for long is folded.

use leptos::prelude::*;

use crate::app::preferences::use_texts;
use crate::article::comparison::{Change, Look, Piece, Row};

/// So many blocks that are the same are shown before and after a change.
const CONTEXT: usize = 1;

/// See the module.
#[component]
pub fn ComparedRows(
    /// Both texts.
    rows: Vec<Row>,
    /// What is said in the place of a block that the left side, or the right, has not.
    not_in: (String, String),
) -> impl IntoView {
    let texts = use_texts();
    let pair = |row| pair(row, &not_in);
    let mut shown = Vec::new();
    let count = rows.len();
    let mut rows = rows.into_iter().enumerate().peekable();
    while let Some((first, row)) = rows.next() {
        if row.change != Change::Same {
            shown.push(pair(row));
            continue;
        }
        let mut same = vec![row];
        while let Some((_, row)) = rows.next_if(|(_, row)| row.change == Change::Same) {
            same.push(row);
        }
        let before = if first == 0 { 0 } else { CONTEXT };
        let after = if first + same.len() == count { 0 } else { CONTEXT };
        // What would hide a single block is no shorter than the block.
        if same.len() <= before + after + 1 {
            shown.extend(same.into_iter().map(pair));
            continue;
        }
        let tail = same.split_off(same.len() - after);
        let folded = same.split_off(before);
        shown.extend(same.into_iter().map(pair));
        let said = (texts.unchanged_blocks)(folded.len());
        let folded = folded.into_iter().map(pair).collect_view();
        shown.push(
            view! {
                <details class="unchanged">
                    <summary>{said}</summary>
                    {folded}
                </details>
            }
            .into_any(),
        );
        shown.extend(tail.into_iter().map(pair));
    }
    shown.collect_view()
}

fn pair(row: Row, (not_left, not_right): &(String, String)) -> AnyView {
    let look = match row.look {
        Look::Heading => "heading",
        Look::Text => "text",
        Look::Code => "code-source",
    };
    let side = |pieces: Vec<Piece>, is_old: bool| {
        let whole = pieces.iter().all(|piece| piece.changed);
        let pieces = pieces.into_iter().map(|piece| match (piece.changed, is_old) {
            (false, _) => piece.text.into_any(),
            (true, true) => view! { <del>{piece.text}</del> }.into_any(),
            (true, false) => view! { <ins>{piece.text}</ins> }.into_any(),
        });
        view! {
            <div class=look class:whole=whole>
                {pieces.collect_view()}
            </div>
        }
        .into_any()
    };
    let none = |said: &String| view! { <div class="none">{said.clone()}</div> }.into_any();
    let (class, sides) = match row.change {
        Change::Same => {
            // Said once to those who listen.
            let again =
                view! { <div class="again" aria-hidden="true">{side(row.to.clone(), false)}</div> };
            ("pair same", (side(row.to, false), again).into_any())
        }
        Change::Changed => ("pair", (side(row.from, true), side(row.to, false)).into_any()),
        Change::Removed => ("pair", (side(row.from, true), none(not_right)).into_any()),
        Change::Added => ("pair", (none(not_left), side(row.to, false)).into_any()),
    };
    view! { <div class=class>{sides}</div> }.into_any()
}
