//! A generation's log as server-sent events, from a cursor on.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body::Frame;
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
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

/// One event of a stream, as the document describes it: its fields are lines of the stream.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "for the document alone; what is sent is written by hand")]
pub struct StreamedEvent {
    /// The event's seq: valid as `Last-Event-ID`.
    id: String,
    /// Its kind, for example `delta`.
    event: String,
    /// JSON.
    data: String,
}

/// The log from after `Last-Event-ID`, or from the start.
#[utoipa::path(get, path = "/api/v1/generations/{id}/events", tag = "generations",
    params(("id" = Uuid, Path), ("Last-Event-ID" = Option<u64>, Header,
        description = "the `id` of the last event received")),
    responses(
        (status = 200, content_type = "text/event-stream", body = StreamedEvent,
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
pub async fn respond(generations: &Generations, id: Uuid, after: Seq) -> Result<Response, Problem> {
    let follower = match generations.follow(id, after).await? {
        Followed::AtEnd => return Ok(StatusCode::NO_CONTENT.into_response()),
        Followed::Reader(follower) => follower,
    };
    let closing = generations.closing().clone();
    let mut response = Response::new(Body::new(EventStream::new(follower, closing)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// How long a reader may hear nothing once the server goes away: long enough for the last events.
const CLOSING_GRACE: Duration = Duration::from_secs(5);

/// The body of an event stream. The timer and the wait for the server's end are made once a stream,
/// not once a frame: both take locks that all streams share.
struct EventStream {
    follower: Follower,
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
    /// When the stream must be heard again, or ends if the server goes away.
    alarm: Pin<Box<Sleep>>,
    spoke: Instant,
    is_closing: bool,
    _reading: metrics::EventStreamReader,
}

impl EventStream {
    fn new(follower: Follower, closing: CancellationToken) -> Self {
        Self {
            follower,
            closing: Box::pin(closing.cancelled_owned()),
            alarm: Box::pin(sleep(HEARTBEAT)),
            spoke: Instant::now(),
            is_closing: false,
            _reading: metrics::EventStreamReader::begin(),
        }
    }

    /// The next bytes to send; `None` when there are no more.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<String>> {
        let mut frame = String::new();
        let read = self.follower.poll_read(context, |seq, view| write_event(&mut frame, seq, view));
        if let Poll::Ready(more) = read {
            self.spoke = Instant::now();
            return Poll::Ready(more.then_some(frame));
        }
        if !self.is_closing && self.closing.as_mut().poll(context).is_ready() {
            self.is_closing = true;
            self.alarm.as_mut().reset(Instant::now() + CLOSING_GRACE);
        }
        loop {
            ready!(self.alarm.as_mut().poll(context));
            if self.is_closing {
                return Poll::Ready(None);
            }
            let due = self.spoke + HEARTBEAT;
            if Instant::now() >= due {
                self.spoke = Instant::now();
                self.alarm.as_mut().reset(self.spoke + HEARTBEAT);
                return Poll::Ready(Some(": alive\n\n".to_owned()));
            }
            self.alarm.as_mut().reset(due);
        }
    }
}

impl http_body::Body for EventStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.poll_next(context).map(|next| next.map(|bytes| Ok(Frame::data(bytes.into()))))
    }
}

fn write_event(frame: &mut String, seq: Seq, view: EventView<'_>) {
    use std::fmt::Write;
    /// The names and marks around the data of any event, in bytes.
    const AROUND: usize = 64;
    let (EventView::Delta(data) | EventView::Other(_, data)) = view;
    frame.reserve(data.len() + AROUND);
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
