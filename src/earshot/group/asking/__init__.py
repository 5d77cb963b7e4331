"""What language models are asked about themes: are two texts the same matter, what is a theme called."""
