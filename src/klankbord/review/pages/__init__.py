"""The pages of the review, one module each."""
