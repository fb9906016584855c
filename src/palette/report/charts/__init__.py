"""Charts: small functions of a data frame. Each encodes columns of a mart and computes nothing."""
