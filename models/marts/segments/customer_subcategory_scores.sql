{{
    preference_scores(
        'int_customer_subcategory_classes', 'subcategory', 'customer_subcategory_scores'
    )
}}
