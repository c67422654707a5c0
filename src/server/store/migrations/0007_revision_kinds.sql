-- What a revision was written as. An article is listed as what its current revision is: one that
-- was written anew in another style is of that style. Revisions from before have none, and are of
-- their article's.
ALTER TABLE revisions ADD COLUMN style TEXT;
ALTER TABLE revisions ADD COLUMN language TEXT;
