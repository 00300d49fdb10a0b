-- Groups present on each marketplace, each with its own coverage; never to be added up
-- plot: bar marketplace groups_present
WITH newest AS (SELECT MAX(week) AS week FROM weeks),
shown AS (
  SELECT e.*, ROW_NUMBER() OVER (PARTITION BY e.estimand, e.domain_code ORDER BY e.vintage, e.revision DESC) AS place
  FROM estimates e
  JOIN newest n ON n.week = e.week
  WHERE e.estimand IN ('E3', 'E9', 'E8') AND e.domain_kind = 'marketplace'
)
SELECT m.title AS marketplace, w.state, p.status, p.reason, p.value AS groups_present, p.low, p.high,
       c.value AS coverage, v.value AS confirmed_by_a_person
FROM marketplace_weeks w
JOIN newest n ON n.week = w.week
JOIN marketplaces m ON m.marketplace = w.marketplace
LEFT JOIN shown p ON p.estimand = 'E3' AND p.domain_code = w.marketplace AND p.place = 1
LEFT JOIN shown c ON c.estimand = 'E9' AND c.domain_code = w.marketplace AND c.place = 1
LEFT JOIN shown v ON v.estimand = 'E8' AND v.domain_code = w.marketplace AND v.place = 1
WHERE w.covered
ORDER BY m.position
