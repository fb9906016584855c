{% set marts = ['customer_rfm', 'customer_clusters', 'customer_strategies', 'customer_360'] %}

-- Guards the customer marts: each must hold every customer once; one that an inner join loses
-- would get neither
-- a segment nor an offer, and nobody would miss them.
{% for mart in marts %}
    select
        '{{ mart }}' as mart,
        customers.retailer,
        customers.customer_id,
        count(found.customer_id) as found
    from {{ ref('customers') }} as customers
    left join
        {{ ref(mart) }} as found
        on customers.retailer = found.retailer
        and customers.customer_id = found.customer_id
        {{ "and found.clustering = 'rfm'" if mart in ['customer_clusters', 'customer_strategies'] }}
    group by customers.retailer, customers.customer_id
    having count(found.customer_id) <> 1 {{ 'union all' if not loop.last }}
{% endfor %}
