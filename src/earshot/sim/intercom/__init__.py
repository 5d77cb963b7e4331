"""A stateful stand-in for the Intercom REST API 2.16 (`simulator.IntercomSim`, `server.run_server`)."""
