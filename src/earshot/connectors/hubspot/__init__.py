"""HubSpot: tasks for the people who look after a customer."""
