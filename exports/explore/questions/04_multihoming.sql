-- On how many marketplaces do groups sell, among those that were detected?
-- plot: bar marketplaces percent
WITH here AS (
  SELECT group_pseudonym, COUNT(*) AS marketplaces
  FROM presence
  WHERE valid_to_week IS NULL AND state = 'present'
  GROUP BY group_pseudonym
)
SELECT marketplaces, COUNT(*) AS groups_detected, 100.0 * COUNT(*) / SUM(COUNT(*)) OVER () AS percent
FROM here
GROUP BY marketplaces
ORDER BY marketplaces
