-- Which weeks compare: stretches of weeks between breaks that change what the headline means
WITH marked AS (
  SELECT w.week, w.week_number,
         (SELECT COUNT(DISTINCT b.week) FROM series_breaks b
          WHERE b.week <= w.week AND b.kind IN ('marketplaces', 'registry', 'definition')) AS stretch
  FROM weeks w
)
SELECT m.stretch, MIN(m.week) AS first_week, MAX(m.week) AS last_week, COUNT(*) AS weeks,
       (SELECT COUNT(*) FROM series_breaks b WHERE b.week = MIN(m.week)
        AND b.kind IN ('marketplaces', 'registry', 'definition')) AS breaks_at_its_start,
       (SELECT MIN(b.subject) FROM series_breaks b WHERE b.week = MIN(m.week)
        AND b.kind IN ('marketplaces', 'registry', 'definition')) AS subject
FROM marked m
GROUP BY m.stretch
ORDER BY m.stretch
