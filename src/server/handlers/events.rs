//! A generation's log as server-sent events, from a cursor on.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::extract::{Ids, last_event_id};
use crate::article::event::Seq;
use crate::article::problem::Problem;
use crate::server::error::ApiError;
use crate::server::event_log::{EventView, Follower, push_json_string};
use crate::server::generations::{Followed, Generations};
use crate::server::telemetry::metrics;

/// How often a silent stream shows that it is alive, by a comment line.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The log from after `Last-Event-ID`, or from the start.
#[utoipa::path(get, path = "/api/v1/generations/{id}/events", tag = "generations",
    params(("id" = Uuid, Path), ("Last-Event-ID" = Option<u64>, Header,
        description = "the `id` of the last event received")),
    responses(
        (status = 200, content_type = "text/event-stream", body = String,
            description = "the events, each with `event`, `id` and JSON `data`"),
        (status = 204, description = "the log has ended, and the cursor is at its end"),
        (status = 400, body = crate::article::problem::ProblemBody,
            description = "`Last-Event-ID` is no number or lies beyond the log"),
        (status = 404, body = crate::article::problem::ProblemBody)))]
pub async fn follow(
    State(generations): State<Generations>,
    Ids([id]): Ids<1>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let after = last_event_id(&headers)?;
    Ok(respond(&generations, id, after).await?)
}

/// The event stream of a generation.
pub async fn respond(
    generations: &Generations,
    id: Uuid,
    after: Seq,
) -> Result<Response, Problem> {
    let follower = match generations.follow(id, after).await? {
        Followed::AtEnd => return Ok(StatusCode::NO_CONTENT.into_response()),
        Followed::Reader(follower) => follower,
    };
    let closing = generations.closing().clone();
    let mut response = Response::new(Body::from_stream(frames(follower, closing)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// How long a reader may hear nothing once the server goes away: long enough for the last events.
const CLOSING_GRACE: Duration = Duration::from_secs(5);

fn frames(
    follower: Follower,
    closing: CancellationToken,
) -> impl stream::Stream<Item = Result<Bytes, Infallible>> {
    let reading = metrics::EventStreamReader::begin();
    stream::unfold((follower, closing, reading), |(mut follower, closing, reading)| async move {
        let mut frame = String::new();
        let patience = if closing.is_cancelled() { CLOSING_GRACE } else { HEARTBEAT };
        let more = tokio::select! {
            more = follower.read(|seq, view| write_event(&mut frame, seq, view)) => more,
            () = tokio::time::sleep(patience) => {
                if closing.is_cancelled() {
                    return None;
                }
                frame.push_str(": alive\n\n");
                true
            }
            () = closing.cancelled(), if !closing.is_cancelled() => {
                frame.push_str(": closing\n\n");
                true
            }
        };
        more.then(|| (Ok(Bytes::from(frame)), (follower, closing, reading)))
    })
}

fn write_event(frame: &mut String, seq: Seq, view: EventView<'_>) {
    use std::fmt::Write;
    // Writing to a string cannot fail.
    let _ = match view {
        EventView::Delta(text) => {
            let written = write!(frame, "event: delta\nid: {}\ndata: {{\"text\":", seq.0);
            push_json_string(frame, text);
            frame.push_str("}\n\n");
            written
        }
        EventView::Other(name, data) => {
            write!(frame, "event: {name}\nid: {}\ndata: {data}\n\n", seq.0)
        }
    };
}
