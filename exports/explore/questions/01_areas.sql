-- Share of the registered that sell, by kabupaten and kota, in the newest three weeks
-- plot: circle area percent
WITH shown AS (
  SELECT e.*, ROW_NUMBER() OVER (
    PARTITION BY e.week, e.domain_code ORDER BY e.vintage, e.revision DESC  -- benchmark, final, flash
  ) AS place
  FROM estimates e
  JOIN weeks w ON w.week = e.week
  WHERE e.estimand = 'E2' AND e.domain_kind = 'area'
    AND w.week_number > (SELECT MAX(week_number) FROM weeks) - 3
)
SELECT s.week, s.domain_code, COALESCE(a.name, 'merged neighbours') AS area, s.status,
       100 * s.value AS percent, 100 * s.low AS low, 100 * s.high AS high, s.grade
FROM shown s
LEFT JOIN areas a ON a.area_code = s.domain_code
WHERE s.place = 1 AND s.status <> 'not_available'
ORDER BY s.week, s.domain_code
