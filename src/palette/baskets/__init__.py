"""What is bought together: association rules."""
