"""Great Expectations on the warehouse: what must hold of the data itself, and how badly it matters if not."""
