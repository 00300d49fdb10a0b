-- Measured or carried over: in how many weeks was each marketplace really read?
SELECT m.title AS marketplace, COUNT(*) AS weeks,
       SUM(CASE WHEN w.state IN ('measured', 'fed') THEN 1 ELSE 0 END) AS read_in_full,
       SUM(CASE WHEN w.state = 'partial' THEN 1 ELSE 0 END) AS read_in_part,
       SUM(CASE WHEN w.state = 'carried' THEN 1 ELSE 0 END) AS carried_over,
       SUM(CASE WHEN w.covered THEN 0 ELSE 1 END) AS not_in_the_headline,
       MIN(CASE WHEN w.covered THEN w.week END) AS first_covered_week
FROM marketplace_weeks w
JOIN marketplaces m ON m.marketplace = w.marketplace
WHERE w.marketplace IN (SELECT marketplace FROM marketplace_weeks WHERE covered)
GROUP BY m.title, m.position
ORDER BY m.position
