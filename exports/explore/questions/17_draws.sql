-- From the draws of the headline: an 80 percent interval, and how likely it is that a tenth of the registered sell
WITH newest AS (
  SELECT d.week, d.vintage, d.revision, ROW_NUMBER() OVER (ORDER BY d.week DESC, d.vintage, d.revision DESC) AS place
  FROM draws d
  WHERE d.estimand = 'E1' AND d.draw = 0
),
ranked AS (
  SELECT d.value, ROW_NUMBER() OVER (ORDER BY d.value, d.draw) AS place, COUNT(*) OVER () AS draws,
         1.0 * s.group_count AS registered
  FROM draws d
  JOIN newest n ON n.place = 1 AND n.week = d.week AND n.vintage = d.vintage AND n.revision = d.revision
  JOIN weeks w ON w.week = d.week
  JOIN snapshots s ON s.snapshot_id = w.snapshot_id
  WHERE d.estimand = 'E1'
)
SELECT MAX(draws) AS draws,
       MAX(CASE WHEN place <= 0.1 * draws THEN value END) AS p10,
       MAX(CASE WHEN place <= 0.5 * draws THEN value END) AS p50,
       MAX(CASE WHEN place <= 0.9 * draws THEN value END) AS p90,
       AVG(CASE WHEN value >= 0.1 * registered THEN 1.0 ELSE 0.0 END) AS chance_of_a_tenth
FROM ranked
