-- Written for PostgreSQL; schema.rs translates it for SQLite. Times are milliseconds since 1970.
-- A migration that was released is never changed: its checksum is stored with the data.

-- newest_generation_id and current_revision_id name rows that are written after the article, in
-- the same transaction; so they are not declared as references.
CREATE TABLE articles (
    id UUID PRIMARY KEY NOT NULL,
    title TEXT NOT NULL,
    style TEXT NOT NULL,
    language TEXT NOT NULL,
    newest_generation_id UUID NOT NULL,
    current_revision_id UUID,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX articles_by_age ON articles (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX articles_deleted ON articles (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE generations (
    id UUID PRIMARY KEY NOT NULL,
    article_id UUID NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    owner UUID NOT NULL,
    text TEXT NOT NULL,
    last_seq BIGINT NOT NULL,
    model TEXT,
    brief JSONB NOT NULL,
    usage JSONB NOT NULL,
    attempts JSONB NOT NULL,
    warnings JSONB NOT NULL,
    continues UUID,
    error JSONB,
    revision_id UUID,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX generations_of_article ON generations (article_id);
CREATE INDEX generations_running ON generations (created_at) WHERE ended_at IS NULL;

-- One row for each flush of a log.
CREATE TABLE events (
    generation_id UUID NOT NULL REFERENCES generations (id) ON DELETE CASCADE,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (generation_id, first_seq)
);

CREATE TABLE revisions (
    id UUID PRIMARY KEY NOT NULL,
    article_id UUID NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    generation_id UUID REFERENCES generations (id) ON DELETE SET NULL,
    title TEXT NOT NULL,
    words BIGINT NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL,
    meta JSONB NOT NULL,
    highlights JSONB NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (article_id, number)
);
CREATE INDEX revisions_of_generation ON revisions (generation_id);

CREATE TABLE idempotency_keys (
    key TEXT PRIMARY KEY NOT NULL,
    fingerprint TEXT NOT NULL,
    generation_id UUID NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
