-- What is known now of every group and marketplace: present, closed, gone, or not observable
SELECT marketplace,
       SUM(CASE WHEN state = 'present' THEN 1 ELSE 0 END) AS present,
       SUM(CASE WHEN state = 'closed' THEN 1 ELSE 0 END) AS closed,
       SUM(CASE WHEN state = 'gone' THEN 1 ELSE 0 END) AS gone,
       SUM(CASE WHEN state = 'not_observable' THEN 1 ELSE 0 END) AS not_observable
FROM presence
WHERE valid_to_week IS NULL
GROUP BY marketplace
ORDER BY marketplace
