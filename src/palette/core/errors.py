"""What is wrong with what a shop delivers or declares."""


class InputError(Exception):
    """Something is wrong with a file of a shop; the message names file, column and row, or key and value."""
