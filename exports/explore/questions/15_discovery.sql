-- Discovery against adoption: found for the first time, began to sell, stopped selling
-- plot: bar week found_not_new
WITH shown AS (
  SELECT e.*, ROW_NUMBER() OVER (PARTITION BY week, estimand ORDER BY vintage, revision DESC) AS place
  FROM estimates e
  WHERE domain_kind = 'province' AND estimand IN ('FOUND', 'E7_IN', 'E7_OUT', 'E6_1')
)
SELECT w.week, f.value AS found_not_new, i.value AS began, i.low AS began_low, i.high AS began_high,
       o.value AS stopped, o.reason AS why_no_stopped, d.value AS change, d.reason AS why_no_change
FROM weeks w
LEFT JOIN shown f ON f.week = w.week AND f.estimand = 'FOUND' AND f.place = 1
LEFT JOIN shown i ON i.week = w.week AND i.estimand = 'E7_IN' AND i.place = 1
LEFT JOIN shown o ON o.week = w.week AND o.estimand = 'E7_OUT' AND o.place = 1
LEFT JOIN shown d ON d.week = w.week AND d.estimand = 'E6_1' AND d.place = 1
ORDER BY w.week
