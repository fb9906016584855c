{% macro preference_scores(classes, level, name) %}
    with

        classes as (select * from {{ ref(classes) }}),

        rfm_weights as (select * from {{ ref('rfm_weights') }}),

        {{ preference_weights() }},

        indexed as (
            select classes.*, {{ preference_index('classes') }} as rfm_index
            from classes
            inner join weights on classes.retailer = weights.retailer
        ),

        {{ name }} as (
            select
                retailer,
                customer_id,
                {{ level }},
                last_ordered_at,
                recency_days,
                order_lines,
                units,
                amount,
                unit_share,
                c_buy_amount,
                r_class,
                f_class,
                m_class,
                rfm_index,
                {{ preference('unit_share', 'amount', 'rfm_index') }} as pf_score
            from indexed
        )

    select *
    from {{ name }}
{% endmacro %}


{% macro preference_weights() %}
    weights as (
        select
            retailer,
            max(case when dimension = 'recency' then weight end) as recency_weight,
            max(case when dimension = 'frequency' then weight end) as frequency_weight,
            max(case when dimension = 'monetary' then weight end) as monetary_weight
        from rfm_weights
        group by retailer
    )
{% endmacro %}


{% macro preference_index(classes) %}
    weights.recency_weight * {{ classes }}.r_class
    + weights.frequency_weight * {{ classes }}.f_class
    + weights.monetary_weight * {{ classes }}.m_class
{% endmacro %}


{% macro preference(unit_share, amount, rfm_index) %}
    {{ unit_share }} * {{ log10_from_one(amount) }} * {{ rfm_index }}
{% endmacro %}
