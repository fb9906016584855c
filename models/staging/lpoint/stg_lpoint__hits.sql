with

    source as (select * from {{ read_source('lpoint', 'online_behaviour') }}),

    stg_lpoint__hits as (
        select
            -- -------- ids
            retailer,
            clnt_id as customer_id,
            sess_id as session_id,
            hit_seq as hit_number,
            trans_id as order_id,

            -- -------- text
            action_type,
            biz_unit as store,
            coalesce(trfc_src, 'unknown') as traffic_source,
            dvc_ctg_nm as device,
            sech_kwd as search_term,

            -- -------- times
            {{ at_time_of_day('sess_dt', 'hit_tm') }} as hit_at,

            -- -------- numbers
            tot_pag_view_ct as page_views,
            tot_sess_hr_v as session_seconds
        from source
        where {{ known_as_of('sess_dt') }}
    )

select *
from stg_lpoint__hits
