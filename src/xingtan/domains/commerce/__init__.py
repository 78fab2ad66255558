"""Commerce: what is offered, ordered, paid and given back."""
