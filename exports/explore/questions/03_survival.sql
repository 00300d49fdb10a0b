-- Survival of linked shops since the week they were first seen (Kaplan-Meier)
WITH RECURSIVE lives AS (
  SELECT CASE WHEN s.ended_week IS NULL THEN l.week_number - f.week_number + 1
              ELSE e.week_number - f.week_number END AS age,
         CASE WHEN s.ended_week IS NULL THEN 0 ELSE 1 END AS ended
  FROM shops s
  JOIN weeks f ON f.week = s.first_seen_week
  JOIN weeks l ON l.week = s.last_seen_week
  LEFT JOIN weeks e ON e.week = s.ended_week
),
ages AS (
  SELECT age, SUM(ended) AS ended, COUNT(*) AS left_here FROM lives GROUP BY age
),
table_of_life AS (
  SELECT age, ended, SUM(left_here) OVER (ORDER BY age DESC) AS at_risk, ROW_NUMBER() OVER (ORDER BY age) AS step
  FROM ages
),
curve AS (
  SELECT step, age, at_risk, ended, 1.0 - 1.0 * ended / at_risk AS surviving FROM table_of_life WHERE step = 1
  UNION ALL
  SELECT t.step, t.age, t.at_risk, t.ended, c.surviving * (1.0 - 1.0 * t.ended / t.at_risk)
  FROM curve c
  JOIN table_of_life t ON t.step = c.step + 1
)
SELECT age AS weeks_since_first_seen, at_risk, ended, surviving FROM curve ORDER BY age
