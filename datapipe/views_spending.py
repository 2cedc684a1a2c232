"""What every answer cost and what became of its tokens, in SQL over the stored tables."""

_THOUGHT = "list_sum(list_transform(turns, lambda t: length(coalesce(t.thinking, ''))))"
_SAID = "list_sum(list_transform(turns, lambda t: length(t.content)))"
_LIGHT = """{run}lane, answer_id, request_id, question_id, policy_id, "index", round, purpose, finish_reason,
    thinking_id, prompt_tokens, completion_tokens, server, finished_at"""

# Two reads, so that no text is read of parts whose server counted the thinking: their row groups are
# skipped by their statistics.
_COUNTED = f"""
    SELECT {_LIGHT}, continues, false AS estimated, reasoning_tokens / nullif(completion_tokens, 0) AS thought
    FROM stored.answers WHERE reasoning_tokens IS NOT NULL UNION ALL
    SELECT {_LIGHT}, continues, completion_tokens IS NOT NULL,
           ({_THOUGHT}) / nullif(({_THOUGHT}) + ({_SAID}), 0)
    FROM stored.answers WHERE reasoning_tokens IS NULL"""

PREFIXES = """
    SELECT {run}lane, answer_id AS continues, completion_tokens AS had, latency_s AS took FROM stored.answers
    WHERE answer_id IN (SELECT continues FROM stored.answers WHERE continues IS NOT NULL)"""
"""What an answer that another goes on from had: the other one's row holds the tokens and the time of both."""

_ANSWERS = f"""
    SELECT * EXCLUDE (completion_tokens, estimated, thought, had, took, own), own AS completion_tokens,
           estimated OR had IS NOT NULL AS estimated,
           (coalesce(least(thought, 1), 0) * own)::DOUBLE AS thinking_tokens
    FROM (SELECT *, completion_tokens - coalesce(had, 0) AS own
          FROM ({_COUNTED}) LEFT JOIN ({PREFIXES}) USING ({{run}}lane, continues))"""

_ENDS = """
    chain AS (
        SELECT {run}lane, continues AS answer_id, answer_id AS stands
        FROM stored.answers WHERE continues IS NOT NULL
        UNION ALL
        SELECT {run}lane, answer_id, next
        FROM chain JOIN (SELECT {run}lane, continues AS stands, answer_id AS next
                         FROM stored.answers WHERE continues IS NOT NULL) USING ({run}lane, stands)),
    ends AS (
        SELECT {run}lane, answer_id, stands, finish_reason AS how
        FROM (SELECT {run}lane, answer_id, min(stands) AS stands
              FROM chain
              ANTI JOIN (SELECT {run}lane, answer_id AS stands FROM chain) USING ({run}lane, stands)
              GROUP BY ALL)
        JOIN (SELECT {run}lane, answer_id AS stands, finish_reason FROM stored.answers)
            USING ({run}lane, stands))"""

_DECIDED = """
    decided AS (
        SELECT {run}lane, answer_id AS stands, action, "check", reason FROM stored.kept UNION ALL
        SELECT {run}lane, answer_id, action, "check", reason FROM stored.dropped UNION ALL
        SELECT {run}lane, answer_id, action, "check", reason FROM stored.pending)"""

_FATE = """
    CASE WHEN action = 'keep' THEN 'kept'
         WHEN domain IS NULL THEN 'withdrawn'
         WHEN action IS NULL THEN 'undecided'
         WHEN place > 1 THEN 'superseded'
         WHEN twin > 1 THEN 'duplicate'
         WHEN finish_reason = 'length' THEN 'truncated'
         WHEN action = 'drop' THEN 'dropped' ELSE action END"""

SPENDING = f"""
    WITH RECURSIVE {_ENDS}, {_DECIDED}, counted AS ({_ANSWERS}), placed AS (
        SELECT c.* EXCLUDE finish_reason, coalesce(stands, answer_id) AS stands,
               coalesce(how, finish_reason) AS finish_reason,
               if(stands IS NOT NULL, 1,
                  row_number() OVER (PARTITION BY {{run}}lane, request_id, stands IS NULL
                                     ORDER BY finished_at DESC NULLS LAST, answer_id)) AS place,
               if(stands IS NOT NULL OR thinking_id IS NULL, 1,
                  row_number() OVER (PARTITION BY {{run}}lane, question_id, policy_id, thinking_id,
                                                  stands IS NULL
                                     ORDER BY purpose <> 'rate', "index", answer_id)) AS twin
        FROM counted c LEFT JOIN ends USING ({{run}}lane, answer_id))
    SELECT {{run}}lane, coalesce(domain, 'withdrawn') AS domain, source, question_id, answer_id, policy_id,
           model, purpose, round, coalesce(tier, 'unrated') AS tier, {_FATE} AS fate, "check", reason,
           stands <> answer_id AS continued, prompt_tokens, completion_tokens, thinking_tokens,
           completion_tokens - thinking_tokens AS answer_tokens, estimated, server
    FROM placed
    LEFT JOIN (SELECT {{run}}lane, question_id, domain, source FROM stored.questions)
        USING ({{run}}lane, question_id)
    LEFT JOIN decided USING ({{run}}lane, stands)
    LEFT JOIN (SELECT {{run}}lane, question_id, policy_id, tier FROM stored.ratings)
        USING ({{run}}lane, question_id, policy_id)
    LEFT JOIN (SELECT {{run}}lane, policy_id, model FROM stored.policies) USING ({{run}}lane, policy_id)"""
