//! What every handler and page can reach.

use std::sync::Arc;

use axum::extract::FromRef;

use super::auth::{Access, session};
use super::config::Config;
use super::generations::Generations;
use super::indexing::Indexing;
use super::pipeline::Providers;
use super::providers;
use super::site::Site;
use super::store::{Store, StoreError};

/// The parts of a running server. Cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The configuration it was started with.
    pub config: Arc<Config>,
    /// The database.
    pub store: Store,
    /// The gate, where there is an access token.
    pub access: Option<Arc<Access>>,
    /// The files of the client.
    pub site: Site,
    /// The model APIs.
    pub providers: Arc<Providers>,
    /// The service that writes articles.
    pub generations: Generations,
    /// What makes older articles searchable.
    pub indexing: Indexing,
}

impl AppState {
    /// Opens the database, connects the model APIs, and takes care of what an earlier process left
    /// unfinished.
    ///
    /// # Errors
    /// The data directory or the database cannot be used; the error names it and the remedy.
    pub async fn start(config: Config) -> Result<Self, StoreError> {
        let store = Store::open(&config.server.data_dir).await?;
        let access = match &config.server.access_token {
            None => None,
            Some(token) => {
                let key = session::key_in(&config.server.data_dir)?;
                let public = config.server.public_url.as_ref().map(|public| public.origin.clone());
                let lifetime = config.server.session_lifetime;
                Some(Arc::new(Access::new(token, &key, lifetime, public)))
            }
        };
        let config = Arc::new(config);
        let providers = Arc::new(providers::build(&config));
        let generations =
            Generations::start(Arc::clone(&config), Arc::clone(&providers), store.clone()).await?;
        let indexing = Indexing::start(store.clone());
        let site = Site::new(config.server.site_dir.clone());
        let state = Self { config, store, access, site, providers, generations, indexing };
        state.purge_deleted().await?;
        Ok(state)
    }

    /// Ends what runs, stores every log, and closes the database.
    pub async fn shutdown(&self) {
        self.generations.shutdown().await;
        self.indexing.shutdown().await;
        self.store.close().await;
    }
}
