{{ preference_classes('subcategory', 'int_customer_subcategory_classes') }}
