"""What language models are asked about backlog items: impact and effort, and the words of a draft."""
