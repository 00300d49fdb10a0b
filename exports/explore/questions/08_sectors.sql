-- Which sectors sell where: share present by area and sector, where it may be said
-- plot: circle area_and_sector percent
WITH shown AS (
  SELECT e.*, ROW_NUMBER() OVER (PARTITION BY domain_code ORDER BY vintage, revision DESC) AS place
  FROM estimates e
  WHERE estimand = 'E2' AND domain_kind = 'area_sector' AND week = (SELECT MAX(week) FROM weeks)
)
SELECT domain_code AS area_and_sector, status, 100 * value AS percent, 100 * low AS low, 100 * high AS high, grade
FROM shown
WHERE place = 1 AND status IN ('published', 'carried')
ORDER BY domain_code
