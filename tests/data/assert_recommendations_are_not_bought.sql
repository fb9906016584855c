-- Guards recommendations, list `discover`: it promises products the customer has not bought; a
-- product the
-- customer already owns would be a silent waste of the offer.
select 'recommendations' as mart, recommendations.*
from {{ ref('recommendations') }} as recommendations
inner join
    {{ ref('order_lines') }} as order_lines
    on recommendations.retailer = order_lines.retailer
    and recommendations.customer_id = order_lines.customer_id
    and recommendations.product_id = order_lines.product_id
where recommendations.list_name = 'discover'
