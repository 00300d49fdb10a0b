-- Certified but not seen: holders of a P-IRT or halal certificate without a known open shop, by area
-- plot: bar area not_seen
WITH certified AS (
  SELECT b.area_code, COUNT(*) AS businesses, SUM(CASE WHEN EXISTS (
           SELECT 1 FROM presence p
           WHERE p.group_pseudonym = b.group_pseudonym AND p.valid_to_week IS NULL AND p.state = 'present'
         ) THEN 1 ELSE 0 END) AS seen
  FROM businesses b
  WHERE b.valid_to_week IS NULL AND (b.has_pirt OR b.has_halal)
  GROUP BY b.area_code
),
not_told AS (
  SELECT b.area_code, COUNT(DISTINCT b.group_pseudonym) AS seen
  FROM presence p
  JOIN businesses b ON b.group_pseudonym = p.group_pseudonym
  WHERE p.valid_to_week IS NULL AND p.state = 'present' AND b.has_pirt IS NULL AND b.has_halal IS NULL
  GROUP BY b.area_code
)
SELECT a.name AS area, c.businesses AS certified, c.seen AS seen_selling, c.businesses - c.seen AS not_seen,
       COALESCE(n.seen, 0) AS seen_with_certificate_withheld
FROM certified c
JOIN areas a ON a.area_code = c.area_code
LEFT JOIN not_told n ON n.area_code = c.area_code
ORDER BY a.position
