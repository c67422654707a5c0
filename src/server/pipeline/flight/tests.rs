use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::*;
use crate::article::brief::Brief;
use crate::server::config::{Config, Sources};
use crate::server::event_log::EventLog;
use crate::server::pipeline::coalescing::Coalescing;
use crate::server::pipeline::{Progress, StopSignal};
use crate::server::resilience::Health;

fn job() -> Arc<Job> {
    let directory = tempfile::tempdir().unwrap();
    let config = Config::load(&Sources::of_directory(directory.path())).unwrap();
    Arc::new(Job {
        id: Uuid::now_v7(),
        brief: Brief::on("A topic"),
        language: "en".to_owned(),
        continues: false,
        earlier_seams: Vec::new(),
        earlier_model: None,
        newer_than: None,
        request_id: "r".to_owned(),
        log: Arc::new(EventLog::default()),
        progress: Mutex::new(Progress::default()),
        stop: StopSignal::default(),
        reservation: OnceLock::new(),
        accepted: Instant::now(),
        providers: Arc::default(),
        health: Arc::new(Health::new(&config)),
        coalescing: Arc::new(Coalescing::new(&config.cache)),
        config: Arc::new(config),
    })
}

/// Reads along in a task of its own.
fn reading(flight: &Arc<Flight>, job: &Arc<Job>, pen: Option<Pen>) -> JoinHandle<Outcome> {
    let (flight, job) = (Arc::clone(flight), Arc::clone(job));
    tokio::spawn(async move { flight.follow(&job, pen).await })
}

/// Tells when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What would go on for ever fails: the clock is paused, and leaps to this limit when nothing is
/// left to be done.
async fn in_time<T>(task: JoinHandle<T>) -> Result<T, tokio::task::JoinError> {
    let limit = std::time::Duration::from_secs(60);
    tokio::time::timeout(limit, task).await.expect("it goes on for ever")
}

#[tokio::test(start_paused = true)]
async fn where_the_one_who_drives_breaks_down_the_others_hear_of_it() {
    let (first, second) = (job(), job());
    let flight = Arc::new(Flight::new(&first, None));
    assert!(flight.join(&second));
    let along = reading(&flight, &second, None);
    let broken = reading(&flight, &first, Some(Box::pin(async { panic!("a bug") })));
    assert!(in_time(broken).await.is_err());
    let Outcome::Failed(problem) = in_time(along).await.unwrap() else { panic!("it goes on") };
    assert_eq!(problem.code, crate::article::problem::Code::Internal);
    assert!(!flight.join(&job()), "nobody joins what is over");
}

#[tokio::test(start_paused = true)]
async fn the_pen_goes_from_hand_to_hand_and_writes_on_where_it_was() {
    let jobs = [job(), job(), job()];
    let flight = Arc::new(Flight::new(&jobs[0], None));
    assert!(flight.join(&jobs[1]) && flight.join(&jobs[2]));
    let (go_on, goes_on) = oneshot::channel::<()>();
    let writing = Arc::clone(&flight);
    let pen: Pen = Box::pin(async move {
        writing.write("half", "half");
        goes_on.await.unwrap();
        writing.write(" and half", " and half");
        Outcome::Complete
    });
    let mut pen = Some(pen);
    let tasks = [0, 1, 2].map(|index| reading(&flight, &jobs[index], pen.take()));
    tokio::task::yield_now().await;
    for (job, text) in jobs.iter().take(2).zip(["half", "half"]) {
        job.stop.stop(StopReason::Cancelled);
        let reads = || flight.lock().askers.iter().any(|asker| asker.job.id == job.id);
        for _ in (0..100).take_while(|_| reads()) {
            tokio::task::yield_now().await;
        }
        assert!(!reads());
        assert_eq!(job.log.text(), text);
    }
    go_on.send(()).unwrap();
    let [first, second, third] = tasks;
    assert!(matches!(in_time(first).await.unwrap(), Outcome::Stopped { .. }));
    assert!(matches!(in_time(second).await.unwrap(), Outcome::Stopped { .. }));
    assert!(matches!(in_time(third).await.unwrap(), Outcome::Complete));
    assert_eq!(jobs[2].log.text(), "half and half");
    assert!(jobs.iter().take(2).all(|job| job.log.text() == "half"), "who has left hears no more");
}

#[tokio::test(start_paused = true)]
async fn all_who_leave_at_once_take_the_pen_with_them() {
    let jobs = [job(), job(), job(), job()];
    let flight = Arc::new(Flight::new(&jobs[0], None));
    assert!(jobs[1..].iter().all(|job| flight.join(job)));
    let gone = Arc::new(AtomicBool::new(false));
    let dropped = Dropped(Arc::clone(&gone));
    let pen: Pen = Box::pin(async move {
        let _held = dropped;
        std::future::pending().await
    });
    let mut pen = Some(pen);
    let tasks: Vec<_> = jobs.iter().map(|job| reading(&flight, job, pen.take())).collect();
    tokio::task::yield_now().await;
    assert!(!gone.load(Ordering::SeqCst));
    jobs.iter().for_each(|job| job.stop.stop(StopReason::Interrupted));
    for task in tasks {
        assert!(matches!(in_time(task).await.unwrap(), Outcome::Stopped { .. }));
    }
    assert!(gone.load(Ordering::SeqCst), "upstream is closed with the last");
}
