-- Generations whose attempts are exhausted, with what a model was asked. What else is needed to try
-- them again, the generation has. One that was replayed or discarded is settled.
CREATE TABLE dead_letters (
    id UUID PRIMARY KEY NOT NULL,
    generation_id UUID NOT NULL UNIQUE REFERENCES generations (id) ON DELETE CASCADE,
    system_prompt TEXT NOT NULL,
    user_prompt TEXT NOT NULL,
    template TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    settled_at BIGINT,
    replayed_by UUID
);
CREATE INDEX dead_letters_open ON dead_letters (created_at, id) WHERE settled_at IS NULL;

-- Where one answer ends in a text and the next begins; NULL for what was written before.
ALTER TABLE generations ADD COLUMN seams JSONB;
