-- Share of trained groups that sell, and how it differs from that of comparable businesses
WITH shown AS (
  SELECT e.*, ROW_NUMBER() OVER (PARTITION BY week, estimand, domain_code ORDER BY vintage, revision DESC) AS place
  FROM estimates e
  WHERE domain_kind = 'cohort' AND estimand IN ('E1', 'E2', 'COHORT_DIFF') AND week = (SELECT MAX(week) FROM weeks)
)
SELECT domain_code AS cohort, estimand, status, reason, value, low, high, n_judged, n_probes
FROM shown
WHERE place = 1
ORDER BY cohort, estimand
