"""The durable two-lane queue between the poller and the uplink; ``contract`` says what it is."""
