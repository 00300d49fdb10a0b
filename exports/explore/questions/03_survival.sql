-- Survival of shops in quarters since they were first seen (Kaplan-Meier)
-- plot: line quarters_since_first_seen surviving
WITH RECURSIVE alike AS (
  SELECT first_seen_week AS first, COALESCE(ended_week, last_seen_week) AS last,
         CASE WHEN ended_week IS NULL THEN 0 ELSE 1 END AS is_end, COUNT(*) AS shops
  FROM shops
  GROUP BY first_seen_week, COALESCE(ended_week, last_seen_week), CASE WHEN ended_week IS NULL THEN 0 ELSE 1 END
),
lives AS (
  SELECT (CAST(SUBSTR(last, 1, 4) AS INTEGER) - CAST(SUBSTR(first, 1, 4) AS INTEGER)) * 52
           + CAST(SUBSTR(last, 7, 2) AS INTEGER) - CAST(SUBSTR(first, 7, 2) AS INTEGER) + 1 AS weeks, is_end, shops
  FROM alike
),
ages AS (
  SELECT (weeks - weeks % 13) / 13 AS quarters, SUM(is_end * shops) AS ended, SUM(shops) AS shops
  FROM lives
  GROUP BY (weeks - weeks % 13) / 13
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
