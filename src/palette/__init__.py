"""Palette: who a retailer's customers are, and what to offer them next."""
