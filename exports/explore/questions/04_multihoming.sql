-- On how many marketplaces do groups sell, among those that were detected?
-- plot: bar marketplaces percent
WITH newest AS (SELECT MAX(week) AS week FROM weeks),
here AS (
  SELECT p.group_pseudonym, COUNT(DISTINCT p.marketplace) AS marketplaces
  FROM presence p
  JOIN newest n ON p.valid_from_week <= n.week AND (p.valid_to_week IS NULL OR p.valid_to_week > n.week)
  WHERE p.state = 'present'
  GROUP BY p.group_pseudonym
)
SELECT marketplaces, COUNT(*) AS groups_detected, 100.0 * COUNT(*) / SUM(COUNT(*)) OVER () AS percent
FROM here
GROUP BY marketplaces
ORDER BY marketplaces
