-- The headline week by week: groups present, what it rests on, and whether part of it was carried over
-- plot: circle week groups_present
WITH shown AS (
  SELECT e.*, ROW_NUMBER() OVER (PARTITION BY week ORDER BY vintage, revision DESC) AS place
  FROM estimates e
  WHERE estimand = 'E1' AND domain_kind = 'province'
)
SELECT week, vintage, status, reason, value AS groups_present, low, high, grade, n_judged, n_probes, kappa
FROM shown
WHERE place = 1
ORDER BY week
