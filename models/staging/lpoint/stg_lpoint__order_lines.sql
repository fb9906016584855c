with

    source as (select * from {{ read_source('lpoint', 'transactions') }}),

    stg_lpoint__order_lines as (
        select
            -- -------- ids
            retailer,
            trans_id as order_id,
            trans_seq as line_number,
            clnt_id as customer_id,
            {{ product_code('pd_c') }} as product_id,

            -- -------- text
            cast(null as {{ dbt.type_string() }}) as product_name,
            'South Korea' as country,
            case when biz_unit like 'A%' then 'online' else 'offline' end as channel,
            biz_unit as store,

            -- -------- times
            {{ at_time_of_day('de_dt', 'de_tm') }} as ordered_at,

            -- -------- numbers
            cast(buy_ct as {{ numeric_type() }}) as quantity,
            buy_am as unit_price,
            cast(null as {{ numeric_type() }}) as amount,
            cast(null as {{ numeric_type() }}) as discount,
            cast(null as {{ numeric_type() }}) as unit_cost
        from source
        where {{ known_as_of('de_dt') }}
    )

select *
from stg_lpoint__order_lines
