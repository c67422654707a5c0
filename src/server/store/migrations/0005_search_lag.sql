-- The revision that the search table has of each article: another one than the current means that
-- the text has still to be read. That happens behind the end of a generation, not in it.
ALTER TABLE searched_articles ADD COLUMN revision_id UUID;
UPDATE searched_articles SET revision_id =
    (SELECT a.current_revision_id FROM articles a WHERE a.id = searched_articles.article_id);

-- At every start all articles are asked whether they lag; the texts beside stay unread.
CREATE INDEX searched_revisions ON searched_articles (article_id, revision_id);
