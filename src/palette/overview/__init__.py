"""The overview domain: what a warehouse holds, over all domains below it."""
