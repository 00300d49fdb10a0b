-- Which two marketplaces share groups, and how much of the smaller one is also on the other
WITH sizes AS (
  SELECT marketplace, COUNT(*) AS size
  FROM presence
  WHERE valid_to_week IS NULL AND state = 'present'
  GROUP BY marketplace
),
pairs AS (
  SELECT a.marketplace AS one_marketplace, b.marketplace AS other_marketplace, COUNT(*) AS groups_on_both
  FROM presence a
  JOIN presence b ON b.group_pseudonym = a.group_pseudonym AND b.marketplace > a.marketplace
  WHERE a.valid_to_week IS NULL AND a.state = 'present' AND b.valid_to_week IS NULL AND b.state = 'present'
  GROUP BY a.marketplace, b.marketplace
)
SELECT p.one_marketplace, p.other_marketplace, p.groups_on_both,
       100.0 * p.groups_on_both / CASE WHEN x.size < y.size THEN x.size ELSE y.size END AS percent_of_the_smaller
FROM pairs p
JOIN sizes x ON x.marketplace = p.one_marketplace
JOIN sizes y ON y.marketplace = p.other_marketplace
WHERE p.groups_on_both >= 5
ORDER BY p.groups_on_both DESC, p.one_marketplace, p.other_marketplace
