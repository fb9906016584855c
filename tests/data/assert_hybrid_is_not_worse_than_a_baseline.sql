-- Guards the lists: what is shipped must not be significantly worse, in the backtest, than a
-- simpler
-- model on its own list (95 % interval of the paired difference in nDCG@10 below 0). Fewer than 30
-- customers are too few for such an interval.
select retailer, list_name, model, value, hybrid_lead, hybrid_lead_low, hybrid_lead_high
from {{ ref('recommendation_metrics') }}
where
    metric = 'ndcg'
    and k = 10
    and segment = 'all'
    and part = 'all'
    and fold = 0
    and customers >= 30
    and hybrid_lead_high < 0
