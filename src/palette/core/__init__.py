"""The core domain: which files a retailer has, how they are read, checked and imported."""
