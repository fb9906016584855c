{{
    preference_scores(
        'int_customer_category_classes', 'super_category', 'customer_category_scores'
    )
}}
