//! Every call to a model, how it went and what it cost.

use leptos::prelude::*;

use super::facts::price;
use super::recovery::is_open;
use crate::app::format::{count, duration};
use crate::app::i18n::Texts;
use crate::app::live::Live;
use crate::app::preferences::use_texts;
use crate::app::progress::Progress;
use crate::article::event::Usage;
use crate::article::generation::{Attempt, AttemptOutcome};

/// A folded table; nothing where the first call was the only one and went well.
#[component]
pub fn Attempts(
    /// The article.
    live: Live,
) -> impl IntoView {
    let texts = use_texts();
    let rows = Memo::new(move |_| {
        live.progress.with(|progress| live.attempts.with(|tried| rows(tried, progress, texts)))
    });
    let total = Memo::new(move |_| live.progress.with(|progress| progress.usage.clone()));
    let body = move || {
        let row = |row: Row| {
            view! {
                <tbody>
                    <tr>
                        <th scope="rowgroup" colspan="3">
                            <b>{row.model}</b>
                            <span>{row.how}</span>
                            {row.said.map(|said| view! { <q dir="auto">{said}</q> })}
                        </th>
                    </tr>
                    <tr>
                        <td>{row.first_token}</td>
                        <td>{count(row.usage.completion)}</td>
                        <td>{price(&row.usage, texts)}</td>
                    </tr>
                </tbody>
            }
        };
        rows.get().into_iter().map(row).collect_view()
    };
    let needed = Memo::new(move |_| live.attempts.with(|tried| is_worth_telling(tried)));
    let open = is_open(".attempts");
    view! {
        <Show when=move || needed.get()>
            <details class="folded attempts" open=open>
                <summary>
                    {texts.attempts} " " <span class="num">{move || rows.with(Vec::len)}</span>
                </summary>
                <table aria-label=texts.attempts>
                    <thead>
                        <tr>
                            <th scope="col">{texts.first_token}</th>
                            <th scope="col">{texts.tokens}</th>
                            <th scope="col">{texts.cost}</th>
                        </tr>
                    </thead>
                    {body}
                    <tfoot>
                        <tr>
                            <th scope="row">{texts.in_all}</th>
                            <td>{move || count(total.with(|usage| usage.completion))}</td>
                            <td>{move || total.with(|usage| price(usage, texts))}</td>
                        </tr>
                    </tfoot>
                </table>
            </details>
        </Show>
    }
    .into_any()
}

/// Whether more happened than one call that went well.
pub fn is_worth_telling(tried: &[Attempt]) -> bool {
    tried.len() > 1 || tried.iter().any(|attempt| attempt.error.is_some())
}

/// An attempt as it is shown.
#[derive(Clone, PartialEq)]
struct Row {
    model: String,
    how: String,
    /// The provider's own words.
    said: Option<String>,
    first_token: String,
    usage: Usage,
}

/// While it is being written, what the total holds beyond the attempts that have ended is what the
/// running one has used.
fn rows(tried: &[Attempt], progress: &Progress, texts: &Texts) -> Vec<Row> {
    let mut rows: Vec<_> = tried.iter().map(|attempt| row(attempt, texts)).collect();
    if progress.state.is_ended() {
        return rows;
    }
    let (ended, running): (Vec<_>, Vec<_>) = tried.iter().partition(|it| it.outcome.is_some());
    let rest = rest(&progress.usage, &Usage::sum(ended.iter().map(|attempt| &attempt.usage)));
    match rows.last_mut() {
        Some(last) if !running.is_empty() => last.usage = rest,
        _ if rest.completion > 0 => rows.push(Row {
            model: progress.model.clone().unwrap_or_default(),
            how: (texts.outcome)(None).to_owned(),
            said: None,
            first_token: dash(),
            usage: rest,
        }),
        _ => {}
    }
    rows
}

fn row(attempt: &Attempt, texts: &Texts) -> Row {
    let outcome = (texts.outcome)(attempt.outcome);
    let (how, said) = match &attempt.error {
        None => (outcome.to_owned(), None),
        Some(problem) => {
            let why = (texts.problem)(problem).0;
            let said = Some(problem.message.clone()).filter(|said| *said != why);
            let how = match attempt.outcome {
                // Its error is the refusal itself.
                Some(AttemptOutcome::Failed | AttemptOutcome::Refused) | None => why,
                Some(_) => format!("{outcome}: {why}"),
            };
            (how, said)
        }
    };
    Row {
        model: attempt.model.clone(),
        how,
        said,
        first_token: attempt.first_token_ms.map_or_else(dash, duration),
        usage: attempt.usage.clone(),
    }
}

fn rest(total: &Usage, ended: &Usage) -> Usage {
    Usage {
        prompt: total.prompt.saturating_sub(ended.prompt),
        completion: total.completion.saturating_sub(ended.completion),
        cost: total.cost.zip(ended.cost).map(|(total, ended)| total - ended),
        currency: total.currency.clone(),
        estimated: total.estimated,
    }
}

fn dash() -> String {
    "–".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::i18n::Locale;
    use crate::article::event::GenerationState;
    use crate::article::problem::{Code, Problem};

    fn usage(completion: u64, cost: i64) -> Usage {
        let currency = Some("USD".to_owned());
        Usage { prompt: 5, completion, cost: Some(cost), currency, estimated: false }
    }

    fn attempt(outcome: Option<AttemptOutcome>, usage: Usage) -> Attempt {
        let error = (outcome == Some(AttemptOutcome::Failed))
            .then(|| Problem::new(Code::UpstreamFailed, "p answered 500", "Try again."));
        Attempt {
            model: "a".to_owned(),
            outcome,
            error,
            usage,
            from: 0,
            started_at: 0,
            ended_at: None,
            first_token_ms: None,
        }
    }

    fn shown(tried: &[Attempt], total: Usage) -> Vec<(String, u64, Option<i64>)> {
        let progress = Progress { usage: total, ..Progress::new(GenerationState::Running) };
        let rows = rows(tried, &progress, Locale::En.texts());
        rows.into_iter().map(|row| (row.how, row.usage.completion, row.usage.cost)).collect()
    }

    #[test]
    fn while_one_is_running_the_rows_add_up_to_the_total() {
        let failed = attempt(Some(AttemptOutcome::Failed), usage(10, 100));
        let (words, writing) = ("The model failed.".to_owned(), "is writing".to_owned());
        let both = [(words.clone(), 10, Some(100)), (writing, 7, Some(40))];
        let running = attempt(None, usage(3, 1));
        assert_eq!(shown(&[failed.clone(), running], usage(17, 140)), both);
        // The next one began after the list was asked for.
        assert_eq!(shown(std::slice::from_ref(&failed), usage(17, 140)), both);
        // It has not begun.
        assert_eq!(shown(&[failed], usage(10, 100)), [(words, 10, Some(100))]);
    }
}
