-- What the generations of a day cost is summed up every few seconds while somebody looks: from the
-- index alone, or every text of the day would be read on the way to its cost.
CREATE INDEX generations_by_cost ON generations (created_at, (usage ->> 'currency'), (usage ->> 'cost'));
