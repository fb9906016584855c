"""The report people open: one HTML file that shows the public marts, retailer by retailer."""
