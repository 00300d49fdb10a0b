-- Revisions: how far did later figures of the headline move from the first flash, and did they stay in its interval?
WITH first_flash AS (
  SELECT week, value, low, high FROM estimates
  WHERE estimand = 'E1' AND domain_kind = 'province' AND vintage = 'flash' AND revision = 0
),
later AS (
  SELECT e.*, ROW_NUMBER() OVER (PARTITION BY week ORDER BY vintage, revision DESC) AS place
  FROM estimates e
  WHERE estimand = 'E1' AND domain_kind = 'province'
)
SELECT l.week, l.vintage, l.revision, f.value AS first_flash, f.low AS flash_low, f.high AS flash_high,
       l.value AS now, l.value - f.value AS revised_by,
       CASE WHEN f.value IS NULL OR l.value IS NULL THEN 'no level to compare'
            WHEN l.value BETWEEN f.low AND f.high THEN 'inside' ELSE 'outside' END AS against_the_interval
FROM later l
JOIN first_flash f ON f.week = l.week
WHERE l.place = 1 AND (l.vintage <> 'flash' OR l.revision > 0)
ORDER BY l.week
