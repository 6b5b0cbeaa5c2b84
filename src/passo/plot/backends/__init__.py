"""How a picture comes about: with matplotlib, with plotly, or as text."""
