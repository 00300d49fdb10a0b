-- Sensitivity to coverage: the headline if kappa were at the ends of its own interval
-- plot: circle week groups_present
WITH shown AS (
  SELECT e.*, ROW_NUMBER() OVER (PARTITION BY week, estimand ORDER BY vintage, revision DESC) AS place
  FROM estimates e
  WHERE domain_kind = 'province' AND estimand IN ('E1', 'E9')
)
SELECT y.week, k.value AS kappa, k.low AS kappa_low, k.high AS kappa_high, y.value AS groups_present,
       y.value * k.value / k.high AS if_kappa_is_high, y.value * k.value / k.low AS if_kappa_is_low,
       y.low, y.high
FROM shown y
JOIN shown k ON k.week = y.week AND k.estimand = 'E9' AND k.place = 1
WHERE y.estimand = 'E1' AND y.place = 1 AND y.value IS NOT NULL
ORDER BY y.week
