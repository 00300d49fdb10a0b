-- Survival of shops in quarters since they were first seen (Kaplan-Meier)
-- plot: line quarters_since_first_seen surviving
WITH RECURSIVE dated AS (
  SELECT CAST(SUBSTR(first_seen_week, 1, 4) AS INTEGER) * 52 + CAST(SUBSTR(first_seen_week, 7, 2) AS INTEGER) AS begins,
         CAST(SUBSTR(COALESCE(ended_week, last_seen_week), 1, 4) AS INTEGER) * 52
           + CAST(SUBSTR(COALESCE(ended_week, last_seen_week), 7, 2) AS INTEGER) AS ends,
         CASE WHEN ended_week IS NULL THEN 0 ELSE 1 END AS ended
  FROM shops
),
lives AS (
  SELECT (ends - begins + 1 - (ends - begins + 1) % 13) / 13 AS quarters, ended FROM dated
),
ages AS (
  SELECT quarters, SUM(ended) AS ended, COUNT(*) AS shops FROM lives GROUP BY quarters
),
life_table AS (
  SELECT quarters, ended, SUM(shops) OVER (ORDER BY quarters DESC) AS at_risk,
         ROW_NUMBER() OVER (ORDER BY quarters) AS step
  FROM ages
),
curve AS (
  SELECT step, quarters, at_risk, ended, 1.0 - 1.0 * ended / at_risk AS surviving FROM life_table WHERE step = 1
  UNION ALL
  SELECT t.step, t.quarters, t.at_risk, t.ended, c.surviving * (1.0 - 1.0 * t.ended / t.at_risk)
  FROM curve c
  JOIN life_table t ON t.step = c.step + 1
)
SELECT quarters AS quarters_since_first_seen, at_risk, ended, surviving FROM curve ORDER BY quarters
