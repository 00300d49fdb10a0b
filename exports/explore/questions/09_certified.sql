-- Certified but not seen: holders of a P-IRT or halal certificate without a known open shop, by area
-- plot: bar area not_seen
WITH newest AS (SELECT MAX(week) AS week FROM weeks),
seen AS (
  SELECT DISTINCT p.group_pseudonym
  FROM presence p
  JOIN newest n ON p.valid_from_week <= n.week AND (p.valid_to_week IS NULL OR p.valid_to_week > n.week)
  WHERE p.state = 'present'
)
SELECT COALESCE(a.name, 'unknown or withheld') AS area, COUNT(*) AS certified, COUNT(s.group_pseudonym) AS seen_selling,
       COUNT(*) - COUNT(s.group_pseudonym) AS not_seen
FROM businesses b
JOIN newest n ON b.valid_from_week <= n.week AND (b.valid_to_week IS NULL OR b.valid_to_week > n.week)
LEFT JOIN areas a ON a.area_code = b.area_code
LEFT JOIN seen s ON s.group_pseudonym = b.group_pseudonym
WHERE b.has_pirt OR b.has_halal
GROUP BY a.name, a.position
ORDER BY COALESCE(a.position, 99)
