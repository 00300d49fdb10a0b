-- Which two marketplaces share groups, and how much of the smaller one is also on the other
WITH newest AS (SELECT MAX(week) AS week FROM weeks),
here AS (
  SELECT DISTINCT p.group_pseudonym, p.marketplace
  FROM presence p
  JOIN newest n ON p.valid_from_week <= n.week AND (p.valid_to_week IS NULL OR p.valid_to_week > n.week)
  WHERE p.state = 'present'
),
sizes AS (SELECT marketplace, COUNT(*) AS size FROM here GROUP BY marketplace)
SELECT a.marketplace AS one_marketplace, b.marketplace AS other_marketplace, COUNT(*) AS groups_on_both,
       100.0 * COUNT(*) / MIN(CASE WHEN x.size < y.size THEN x.size ELSE y.size END) AS percent_of_the_smaller
FROM here a
JOIN here b ON b.group_pseudonym = a.group_pseudonym AND b.marketplace > a.marketplace
JOIN sizes x ON x.marketplace = a.marketplace
JOIN sizes y ON y.marketplace = b.marketplace
GROUP BY a.marketplace, b.marketplace
HAVING COUNT(*) >= 5
ORDER BY groups_on_both DESC, one_marketplace, other_marketplace
