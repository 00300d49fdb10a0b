-- Do two coders who do not know of each other agree?
WITH pairs AS (
  SELECT j.group_pseudonym, j.shop_pseudonym,
         MAX(CASE WHEN j.coder = 'first' THEN j.answer END) AS first_coder,
         MAX(CASE WHEN j.coder = 'second' THEN j.answer END) AS second_coder
  FROM judgements j
  WHERE NOT j.is_undone
  GROUP BY j.group_pseudonym, j.shop_pseudonym
)
SELECT first_coder, second_coder, COUNT(*) AS pairs, 100.0 * COUNT(*) / SUM(COUNT(*)) OVER () AS percent
FROM pairs
WHERE first_coder IS NOT NULL AND second_coder IS NOT NULL
GROUP BY first_coder, second_coder
ORDER BY first_coder, second_coder
