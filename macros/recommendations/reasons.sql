{% macro reasons() %}
    {% set own = {
        "orders": "orders",
        "customer_orders": "customer_orders",
        "last_bought_on": "last_bought_on",
    } %}
    {% set days = var("recommendation_window_days") | string %}
    {% set neighbours = [] %}
    {% for place in [1, 2, 3] %}
        {% do neighbours.append(
            {
                "when": "neighbour_" ~ place ~ " is not null",
                "fields": {
                    "item_id": "neighbour_" ~ place ~ "_id",
                    "weight": "weight_" ~ place,
                    "buyers": "neighbour_" ~ place ~ "_buyers",
                    "buyers_of_both": "both_" ~ place,
                },
            }
        ) %}
    {% endfor %}
    {% do return(
        [
            {
                "when": "rests_on = 'own_purchases' and expected_on is null",
                "en": "Bought in {orders} of their {customer_orders} orders, last on {last_bought_on}",
                "ko": "주문 {customer_orders}건 중 {orders}건에서 구매, 마지막 구매 {last_bought_on}",
                "evidence": own,
            },
            {
                "when": "rests_on = 'own_purchases'",
                "en": "Bought in {orders} of their {customer_orders} orders, last on {last_bought_on}; "
                ~ "usually rebought after {usual_days} days: expected on {expected_on}",
                "ko": "주문 {customer_orders}건 중 {orders}건에서 구매, 마지막 구매 {last_bought_on}; "
                ~ "보통 {usual_days}일 만에 재구매: {expected_on} 구매 예상",
                "evidence": dict(own, interval_days=rounded("interval_days", 2), expected_on="expected_on"),
            },
            {
                "when": "rests_on = 'neighbours'",
                "en": "Goes with what they bought: {neighbours_en}",
                "ko": "구매한 상품과 어울림: {neighbours_ko}",
                "evidence": {"neighbours": json_objects(neighbours)},
            },
            {
                "when": "rests_on = 'last_order'",
                "en": "Goes with {neighbour_1_name}, bought on {known_until_day}: "
                ~ "{both_1} of its {neighbour_1_orders} orders hold both",
                "ko": "{known_until_day} 구매한 상품과 어울림: {neighbour_1_name}"
                ~ "(주문 {neighbour_1_orders}건 중 {both_1}건에 함께 담김)",
                "evidence": {
                    "trigger_item_id": "neighbour_1_id",
                    "bought_on": "known_until_day",
                    "cosine": "weight_1",
                    "orders": "neighbour_1_orders",
                    "orders_of_both": "both_1",
                },
            },
            {
                "when": "rests_on = 'rule'",
                "en": "Set {set_number}: whoever orders {antecedents} orders {consequents} as well "
                ~ "in {confidence_percent} % of cases; {rule_orders} orders hold all of it",
                "ko": "세트 {set_number}: {antecedents} 주문의 {confidence_percent}%에 {consequents} 함께 담김, "
                ~ "모두 담긴 주문 {rule_orders}건",
                "evidence": {
                    "set": "set_number",
                    "cluster": "cluster_name",
                    "rule_id": "rule_id",
                    "antecedents": "antecedents",
                    "consequents": "consequents",
                    "orders": "rule_orders",
                    "confidence": rounded("confidence", 6),
                    "lift": rounded("lift", 6),
                },
            },
            {
                "when": "rests_on = 'season'",
                "en": "In season: {season_orders} orders in the same " ~ days ~ " days a year ago, "
                ~ "{season_lift} times as many as in a mean window of the year",
                "ko": "시즌 상품: 작년 같은 " ~ days ~ "일간 주문 {season_orders}건, 연평균 기간의 {season_lift}배",
                "evidence": {"orders": "season_orders", "lift": "season_lift", "window_days": days},
            },
            {
                "when": "rests_on = 'dearer'",
                "en": "One of the dearer things in {super_category}, which they buy: "
                ~ "{price} a unit on average, where the middle price is {middle_price}",
                "ko": "구매하는 {super_category} 중 고가 상품: 평균 단가 {price}, 카테고리 중간값 {middle_price}",
                "evidence": {"price": "price", "middle_price": "middle_price"},
            },
            {
                "when": "rests_on = 'popularity' and is_new",
                "en": "New since {first_sold_on}, bought by {buyers_28_days} customers in the last 28 days",
                "ko": "{first_sold_on}부터 판매한 신상품, 최근 28일간 고객 {buyers_28_days}명 구매",
                "evidence": {"first_sold_on": "first_sold_on"},
            },
            {
                "when": "rests_on = 'popularity'",
                "en": "Bought by {buyers_28_days} customers in the last 28 days",
                "ko": "최근 28일간 고객 {buyers_28_days}명 구매",
                "evidence": {"first_sold_on": "first_sold_on"},
            },
        ]
    ) %}
{% endmacro %}


{% macro openings() %}
    {% do return(
        [
            {
                "when": "list_name = 'online_offers' and preference_rank is null",
                "en": "Sells online. ",
                "ko": "온라인 판매 상품. ",
            },
            {
                "when": "list_name = 'online_offers'",
                "en": "Sells online; {super_category} is number {preference_rank} for {palette_group}. ",
                "ko": "온라인 판매 상품, {palette_name_ko} 선호 {preference_rank}위 {super_category}. ",
            },
            {
                "when": "list_name = 'win_back'",
                "en": "Still sold, last on {last_sold_on}. ",
                "ko": "현재 판매 중(최근 판매 {last_sold_on}). ",
            },
        ]
    ) %}
{% endmacro %}


{% macro told(sentences, language) %}
    case
        {% for sentence in sentences %}
            when {{ sentence.when }} then {{ filled(sentence[language]) }}
        {% endfor %}
    end
{% endmacro %}


{% macro told_neighbours(language) %}
    {% set sentences = {
        "en": "{neighbour_N_name} ({both_N} of its {neighbour_N_buyers} buyers took both)",
        "ko": "{neighbour_N_name}(구매 고객 {neighbour_N_buyers}명 중 {both_N}명이 함께 구매)",
    } %}
    concat_ws(
        ', ',
        {% for place in ["1", "2", "3"] %}
            {{ filled(sentences[language].replace("_N", "_" ~ place)) }} {{ "," if not loop.last }}
        {% endfor %}
    )
{% endmacro %}


{% macro evidence_of(reasons) %}
    case
        {% for reason in reasons %}
            {% set fields = {"rests_on": "rests_on"} %}
            {% do fields.update(reason.evidence) %}
            {% do fields.update({"buyers": "buyers", "buyers_28_days": "buyers_28_days"}) %}
            when {{ reason.when }}
            then {{ json_object(fields) }}
        {% endfor %}
    end
{% endmacro %}
