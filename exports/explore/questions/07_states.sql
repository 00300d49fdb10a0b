-- What is known of every group-and-marketplace, week by week: present, closed, gone, or not observable
SELECT w.week, p.marketplace,
       SUM(CASE WHEN p.state = 'present' THEN 1 ELSE 0 END) AS present,
       SUM(CASE WHEN p.state = 'closed' THEN 1 ELSE 0 END) AS closed,
       SUM(CASE WHEN p.state = 'gone' THEN 1 ELSE 0 END) AS gone,
       SUM(CASE WHEN p.state = 'not_observable' THEN 1 ELSE 0 END) AS not_observable
FROM weeks w
JOIN presence p ON p.valid_from_week <= w.week AND (p.valid_to_week IS NULL OR p.valid_to_week > w.week)
WHERE w.week_number > (SELECT MAX(week_number) FROM weeks) - 3
GROUP BY w.week, p.marketplace
ORDER BY w.week, p.marketplace
