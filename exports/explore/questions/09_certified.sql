-- Certified but not seen: holders of a P-IRT or halal certificate without a known open shop, by area
-- plot: bar area not_seen
WITH certified AS (
  SELECT b.area_code, CASE WHEN EXISTS (
           SELECT 1 FROM presence p
           WHERE p.group_pseudonym = b.group_pseudonym AND p.valid_to_week IS NULL AND p.state = 'present'
         ) THEN 1 ELSE 0 END AS is_seen
  FROM businesses b
  WHERE b.valid_to_week IS NULL AND (b.has_pirt OR b.has_halal)
)
SELECT COALESCE(a.name, 'unknown or withheld') AS area, COUNT(*) AS certified, SUM(c.is_seen) AS seen_selling,
       COUNT(*) - SUM(c.is_seen) AS not_seen
FROM certified c
LEFT JOIN areas a ON a.area_code = c.area_code
GROUP BY a.name, a.position
ORDER BY COALESCE(a.position, 99)
