{% set scores %}
    retailer, customer_id, snapshot_at, last_ordered_at, recency_days, frequency, monetary, r_score,
    f_score, m_score, rfm_segment
{% endset %}

-- Guards customer_rfm_history: its last month must be customer_rfm, or the past is told by another
-- rule than the present, and whatever changed between the two did not.
with

    last_months as (
        select retailer, max(month_end) as month_end
        from {{ ref('customer_rfm_history') }}
        group by retailer
    ),

    history as (
        select history.*
        from {{ ref('customer_rfm_history') }} as history
        inner join
            last_months
            on history.retailer = last_months.retailer
            and history.month_end = last_months.month_end
    )

    (
        select {{ scores }}
        from history
        except
        select {{ scores }}
        from {{ ref('customer_rfm') }}
    )
union all
(
    select {{ scores }}
    from {{ ref('customer_rfm') }}
    except
    select {{ scores }}
    from history
)
