-- What a study of an earlier release saw: links known then, and what became of them
WITH known AS (
  SELECT known_from_week, decision, known_to_week FROM link_history
)
SELECT known_from_week AS known_since, decision, COUNT(*) AS links,
       SUM(CASE WHEN known_to_week IS NULL THEN 1 ELSE 0 END) AS still_known_so,
       SUM(CASE WHEN known_to_week IS NULL THEN 0 ELSE 1 END) AS known_otherwise_since
FROM known
GROUP BY known_from_week, decision
ORDER BY known_from_week, decision
