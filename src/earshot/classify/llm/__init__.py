"""Reading with a language model: what is asked, and how answers become readings."""
