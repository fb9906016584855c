"""What customers will order and spend, and when their silence becomes unusual."""
