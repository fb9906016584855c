"""Who the customers are: clusters and their names."""
