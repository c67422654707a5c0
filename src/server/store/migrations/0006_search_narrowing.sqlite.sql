-- Every row of the search table has tokens of its article's style and language now. The start after this makes all
-- articles searchable anew, while the server runs.
INSERT INTO search (search) VALUES ('delete-all');
DELETE FROM searched_articles;
