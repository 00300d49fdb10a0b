-- How often are candidates true? Answers with their design weights, by score stratum at the draw
-- plot: bar stratum weighted_rate
WITH asked AS (
  SELECT j.draw_id, j.group_pseudonym, j.stratum_at_draw AS stratum, MIN(j.inclusion_prob) AS prob,
         MAX(CASE WHEN j.answer = 'ya' THEN 1 ELSE 0 END) AS is_true
  FROM judgements j
  WHERE j.purpose = 'sample' AND j.coder = 'first' AND NOT j.is_undone AND j.inclusion_prob > 0
  GROUP BY j.draw_id, j.group_pseudonym, j.stratum_at_draw
)
SELECT stratum, COUNT(*) AS groups_judged, SUM(is_true) AS said_yes, SUM(1.0 / prob) AS stand_for,
       SUM(is_true / prob) / SUM(1.0 / prob) AS weighted_rate
FROM asked
GROUP BY stratum
ORDER BY stratum
