CREATE VIRTUAL TABLE search USING fts5(
    title, body, content='', contentless_delete=1, prefix='1', tokenize='ascii'
);
