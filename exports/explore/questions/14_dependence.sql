-- Sensitivity to assumptions: the band for dependence of crawl and probe, and the one for 'tidak tahu'
WITH shown AS (
  SELECT e.*, ROW_NUMBER() OVER (PARTITION BY week, estimand ORDER BY vintage, revision DESC) AS place
  FROM estimates e
  WHERE domain_kind = 'province' AND estimand IN ('E1', 'E1_DEP', 'E1_AMB')
)
SELECT y.week, y.value AS groups_present, y.low, y.high, d.low AS band_low, d.high AS band_high,
       a.low AS unsure_as_no, a.high AS unsure_as_yes,
       (d.high - d.low) / (y.high - y.low) AS band_over_interval
FROM shown y
LEFT JOIN shown d ON d.week = y.week AND d.estimand = 'E1_DEP' AND d.place = 1
LEFT JOIN shown a ON a.week = y.week AND a.estimand = 'E1_AMB' AND a.place = 1
WHERE y.estimand = 'E1' AND y.place = 1 AND y.value IS NOT NULL
ORDER BY y.week
