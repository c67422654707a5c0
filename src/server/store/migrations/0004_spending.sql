-- What each generation costs, kept when its article is deleted: the day's sum is a limit.
-- Days are counted from 1970-01-01 in UTC; cost is in millionths of the currency.
CREATE TABLE spending (
    generation_id UUID PRIMARY KEY NOT NULL,
    day BIGINT NOT NULL,
    currency TEXT NOT NULL,
    cost BIGINT NOT NULL
);
CREATE INDEX spending_by_day ON spending (day, currency);
