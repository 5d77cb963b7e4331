"""What every task for a language model is made of: prompt files, strict forms, data lines, checked answers."""
