"""How answers present themselves: in words, as text and HTML, as tables and as figures."""
