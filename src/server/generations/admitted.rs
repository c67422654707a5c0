//! A generation that was let in, until it begins.

use std::sync::Arc;

use uuid::Uuid;

use super::live::{Live, Record};
use super::replay::letter_settled;
use super::{Generations, Request, key_reused, no_article};
use crate::article::edit::one_line;
use crate::article::problem::Problem;
use crate::server::pipeline::StopReason;
use crate::server::store::records::{ArticleRef, Created, NewGeneration};

/// A place among the live generations. It is given up unless the generation begins.
pub struct Admitted {
    pub service: Generations,
    pub live: Arc<Live>,
    pub begun: bool,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if !self.begun {
            self.service.lock_live().remove(&self.live.job.id);
        }
    }
}

impl Admitted {
    /// Whether nothing has to be asked or stored before the work can start: what is new, has no key
    /// and no budget is sure to be stored, and a client that hears its events needs no answer that
    /// says so. The first token then waits for no disk.
    pub fn can_run_at_once(&self, request: &Request) -> bool {
        self.service.0.config.limits.daily_budget.is_none()
            && request.streamed
            && Self::is_sure(request)
    }

    /// Only a new article without a key is sure to be stored.
    fn is_sure(request: &Request) -> bool {
        request.article.is_none() && request.idempotency.is_none()
    }

    /// Starts the work where [`Self::can_run_at_once`] says so; the writer stores its beginning.
    pub async fn run_at_once(mut self, request: Request) -> Uuid {
        let (service, live) = (self.service.clone(), Arc::clone(&self.live));
        *live.record() = Record::Waiting(Arc::new(self.beginning(request)));
        self.begin();
        // The model is asked before the answer's head is written and the writer is woken. A client
        // that leaves here leaves nothing undone: the writer also looks by itself.
        tokio::task::yield_now().await;
        service.0.flush.notify_one();
        live.job.id
    }

    /// Sets its cost aside, stores its beginning and starts the work, in the order that is safe and
    /// quickest. Gives its id, or that of the generation that the same request made before.
    ///
    /// # Errors
    /// The budget does not reach; the key was used for something else; there is no such article; the
    /// store cannot be written.
    pub async fn store_and_run(mut self, request: Request) -> Result<Uuid, Problem> {
        let (service, live) = (self.service.clone(), Arc::clone(&self.live));
        if let Some(earlier) = service.set_aside(&live, &request).await? {
            return Ok(earlier);
        }
        let id = live.job.id;
        let sure = Self::is_sure(&request);
        let new = self.beginning(request);
        // It begins while it is stored.
        if sure {
            self.begin();
        }
        let created = service.0.store.create_generation(&new).await;
        if !sure && !matches!(created, Ok(Created::New)) {
            // It never begins.
            service.settle(&live).await;
        }
        match created {
            Ok(Created::New) => {
                *live.record() = Record::Stored;
                if sure {
                    service.0.ended.notify_one();
                } else {
                    self.begin();
                }
                Ok(id)
            }
            Ok(Created::Repeated(earlier)) => Ok(earlier),
            Ok(Created::KeyReused) => Err(key_reused()),
            Ok(Created::NoArticle) => Err(no_article()),
            Ok(Created::LetterSettled) => Err(letter_settled()),
            Err(error) => {
                *live.record() = Record::Refused;
                live.job.stop.stop(StopReason::Cancelled);
                service.0.ended.notify_one();
                Err(error.to_problem())
            }
        }
    }

    fn beginning(&self, request: Request) -> NewGeneration {
        let live = &self.live;
        NewGeneration {
            id: live.job.id,
            article: match request.article {
                Some(article) => ArticleRef::Existing(article),
                None => ArticleRef::New {
                    id: live.article_id,
                    title: one_line(&live.job.brief.topic),
                    style: live.job.brief.style.as_str().to_owned(),
                    language: live.job.language.clone(),
                },
            },
            brief: live.job.brief.clone(),
            warnings: live.warnings.clone(),
            continues: live.continues,
            owner: self.service.0.owner.id(),
            created_at: live.created_at,
            settles: request.settles,
            idempotency: request.idempotency,
        }
    }

    /// Starts the work; from here on the generation gives its place up itself.
    fn begin(&mut self) {
        self.begun = true;
        // The server may have begun to go away since it was asked.
        if self.service.0.closing.is_cancelled() {
            self.live.job.stop.stop(StopReason::Interrupted);
        }
        let (service, live) = (self.service.clone(), Arc::clone(&self.live));
        self.service.0.tasks.spawn(async move { service.run(&live).await });
    }
}
