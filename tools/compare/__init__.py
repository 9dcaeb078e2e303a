"""Training side by side with what people use instead: same work, by turns, verified first."""
