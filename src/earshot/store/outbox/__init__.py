"""What is to be done outside: planning, the outbox itself, what stands outside, how destinations fare."""
