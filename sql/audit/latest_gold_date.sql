-- The latest business date that gold was published for; NULL before the first.
SELECT MAX(business_date) AS shown
FROM {{ ref("publications") }}
WHERE layer = 'gold'
