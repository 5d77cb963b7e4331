"""A stateful stand-in for Intercom's REST API 2.16 (`simulator.IntercomSim`, `server.serve`)."""
