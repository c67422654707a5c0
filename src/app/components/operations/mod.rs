//! What the operations page is made of.

pub mod glance;
pub mod health;
pub mod running;

use leptos::prelude::*;

/// A cell of a table that becomes a card where there is no room: there its column's name stands
/// before what is in it. The roles keep it a table for those who do not see it.
pub(super) fn cell(column: &'static str, content: impl IntoView + 'static) -> impl IntoView {
    view! {
        <td role="cell" data-column=column>
            <span>{content.into_any()}</span>
        </td>
    }
    .into_any()
}

/// The names of a table's columns.
pub(super) fn columns(names: impl IntoIterator<Item = &'static str>) -> impl IntoView {
    let heads = names
        .into_iter()
        .map(|name| {
            view! {
                <th scope="col" role="columnheader">
                    {name}
                </th>
            }
        })
        .collect_view();
    view! {
        <thead role="rowgroup">
            <tr role="row">{heads}</tr>
        </thead>
    }
    .into_any()
}
