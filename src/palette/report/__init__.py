"""The report people open: one HTML file that shows the public marts, retailer by retailer."""

MOST_CUSTOMERS = 5000  # of a retailer that can be looked up; about 3 MB of the file
