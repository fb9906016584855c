{{ preference_classes('super_category', 'int_customer_category_classes') }}
