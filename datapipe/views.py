"""The views that people ask, in SQL over the stored tables: joined, with plain text columns."""

from datapipe.views_spending import SPENDING

_LAST = "list_filter({turns}, lambda t: t.role = '{role}')[-1].{field}"


def _last(turns: str, role: str, field: str) -> str:
    """SQL for a field of the last message of a role; null where there is none."""
    return _LAST.format(turns=turns, role=role, field=field)


_ANSWER_TEXT = f"{_last('a.turns', 'assistant', 'content')} AS response, " + (
    f"{_last('a.turns', 'assistant', 'thinking')} AS thinking"
)

PARTICULAR = r"""''[^'']*''|"[^"]*"|\b[0-9a-f]{8,}\b|\d+([.,]\d+)*"""
"""What a reason says of one answer alone: quoted text, ids, numbers. In SQL, so quotes are doubled."""

DERIVED: dict[str, str] = {
    "questions": f"""
        SELECT *, {_last("messages", "user", "content")} AS prompt FROM stored.questions""",
    "answers": f"""
        SELECT a.*, {_ANSWER_TEXT}, p.model
        FROM stored.answers a LEFT JOIN stored.policies p USING ({{run}}lane, policy_id)""",
    "rewrites": f"""
        SELECT a.*, {_ANSWER_TEXT}, p.model
        FROM stored.rewrites a LEFT JOIN stored.policies p USING ({{run}}lane, policy_id)""",
    "samples": f"""
        SELECT *, {_last("messages", "user", "content")} AS prompt,
               {_last("messages", "assistant", "thinking")} AS thinking,
               {_last("messages", "assistant", "content")} AS response
        FROM stored.samples""",
    "dropped": rf"""
        SELECT *, regexp_replace(reason, '{PARTICULAR}', '…', 'g') AS why FROM stored.dropped""",
    "quarantine": """
        SELECT * FROM stored.quarantine UNION ALL BY NAME
        SELECT {run}d.lane, d.file, d.line,
               if(d.relation = 'exact', 'duplicate', 'the references of one question are in conflict')
               || coalesce(' of line ' || q.line || ' of ' || q.file, '') AS reason
        FROM stored.duplicates d
        LEFT JOIN (SELECT {run}question_id AS representative, file, line FROM stored.questions) q
            USING ({run}representative)""",
    "suspects": """
        SELECT {run}lane, q.domain, q.source, question_id, s.label, s.reason, p.model, policy_id, s.gold,
               s.majority, s.scored, s.gold_count, s.majority_count, s.probability, s.second, s.second_gold,
               s.second_majority, s.second_probability, q.prompt, q.reference, s.reference_id
        FROM stored.suspects s
        JOIN questions q USING ({run}lane, question_id)
        LEFT JOIN stored.policies p USING ({run}lane, policy_id)""",
    "clusters": """
        SELECT c.*, p.model
        FROM stored.clusters c LEFT JOIN stored.policies p USING ({run}lane, policy_id)""",
    "failures": """
        SELECT * FROM stored.failures UNION ALL BY NAME SELECT * FROM stored.screen_failures""",
    "results": """
        SELECT {run}lane, q.domain, q.source, question_id, answer_id, a.model, a.policy_id, a."index",
               v."check", v.version, v.outcome, v.unscored, v.score, v.reason, v.evidence, v.extracted,
               v.reference_id, q.reference, q.prompt, a.thinking, a.response
        FROM stored.verdicts v
        JOIN answers a USING ({run}lane, answer_id)
        JOIN questions q USING ({run}lane, question_id)""",
    "cases": """
        WITH decided AS (
            SELECT * FROM stored.kept UNION ALL BY NAME
            SELECT * FROM stored.dropped UNION ALL BY NAME SELECT * FROM stored.pending)
        SELECT {run}lane, q.domain, q.source, question_id, answer_id, a.model, a.policy_id, q.prompt,
               q.reference, a.thinking, a.response, a.turns, a.format, a.finish_reason,
               a.completion_tokens AS tokens, d.action, d."check", d.reason, d.evidence, r.rate, r.tier
        FROM answers a
        JOIN questions q USING ({run}lane, question_id)
        LEFT JOIN (SELECT {run}lane, answer_id, action, "check", reason, evidence FROM decided) d
            USING ({run}lane, answer_id)
        LEFT JOIN stored.ratings r USING ({run}lane, question_id, policy_id)""",
    "agreement": """
        WITH named AS (
            SELECT *, if(count(DISTINCT policy_id) OVER (PARTITION BY {run}model) > 1,
                         model || ' (' || policy_id[:8] || ')', model) AS who
            FROM stored.ratings JOIN stored.policies USING ({run}lane, policy_id))
        SELECT {run}lane, q.domain, question_id, count(*) AS policies,
               count(*) FILTER (passes + fails > 0) AS scored,
               map_from_entries(list((who, n) ORDER BY who)) AS answers,
               map_from_entries(list((who, passes) ORDER BY who)) AS passes,
               sum(passes)::BIGINT AS all_passes, sum(n)::BIGINT AS all_answers,
               if(count(rate) < 2, NULL, min(rate) = max(rate)) AS agree
        FROM named JOIN questions q USING ({run}lane, question_id)
        GROUP BY {run}lane, q.domain, question_id""",
    "spending": SPENDING,
}
"""View by name, in the order that they stand on each other. `stored.NAME` is the table as written;
`{run}` is `run, ` where several runs are asked at once.

- answers, rewrites: with `response`, `thinking` (of the last assistant turn) and `model`.
- samples: the newest published version, with `prompt`, `thinking`, `response`.
- dropped: with `why`, the reason without what it says of one answer alone, so that it can be counted.
- quarantine: every input row that is not asked, duplicates too (with neither `raw` nor checksum).
- failures: requests and verdicts given up.
- suspects: references under suspicion, with the question, the model that answered and the evidence.
- clusters: the final answers of each question and policy, those that are the same one together.
- results: a row per verdict, with its question and answer.
- cases: a row per answer, with what became of it.
- agreement: a row per question; `answers` and `passes` are maps by model; `agree` where all policies have
  one pass rate, null where fewer than two have any.
- spending: a row per answer, with its tokens and what became of them (`fate`, with the check and the reason);
  one that was continued shares the fate of the one that its text ended up in, which has the tokens that came
  since. Tokens of the thinking are by share of characters where they are `estimated`.
"""
