-- The state of the newest generation stands in the article, so that the list can be narrowed to it
-- by an index. A title that a person gave stays when later revisions have another.
ALTER TABLE articles ADD COLUMN state TEXT NOT NULL DEFAULT 'running';
ALTER TABLE articles ADD COLUMN titled_by_person BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE articles SET state = COALESCE(
    (SELECT g.state FROM generations g WHERE g.id = articles.newest_generation_id), 'done');

-- deleted_at stands in them so that counting needs nothing but the index.
CREATE INDEX articles_by_state ON articles (state, created_at, id, deleted_at) WHERE deleted_at IS NULL;
CREATE INDEX articles_by_style ON articles (style, created_at, id, deleted_at) WHERE deleted_at IS NULL;
CREATE INDEX articles_by_language ON articles (language, created_at, id, deleted_at) WHERE deleted_at IS NULL;

-- What of each article is in the search table: its rows are place * 256 and the ones behind it, as
-- many as it has sections. A higher place is a newer article. The text is the one that excerpts are
-- cut from: the current revision without mark-up.
CREATE TABLE searched_articles (
    place BIGINT PRIMARY KEY NOT NULL,
    article_id UUID NOT NULL UNIQUE REFERENCES articles (id) ON DELETE CASCADE,
    sections BIGINT NOT NULL,
    text TEXT NOT NULL
);
